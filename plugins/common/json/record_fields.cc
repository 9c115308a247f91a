#include "common/json/record_fields.h"

#include "common/json/pointer.h"
#include "common/text/stable_hash.h"

namespace millrace::json {
namespace {

std::vector<std::string> joined(const std::vector<std::string>& identity, const std::string& key,
                                const std::vector<std::string>& others) {
  std::vector<std::string> paths;
  for (const std::string& path : identity) paths.push_back(dotted(path));
  if (!key.empty()) paths.push_back(dotted(key));
  for (const std::string& path : others) paths.push_back(dotted(path));
  return paths;
}

}  // namespace

RecordFields::RecordFields(const std::string& key, const std::vector<std::string>& identity,
                           const std::vector<std::string>& others)
    : identity_count_(identity.size()),
      first_other_(identity.size() + (key.empty() ? 0 : 1)),
      has_key_(!key.empty()),
      fields_(joined(identity, key, others)) {}

bool RecordFields::read(std::string_view value) { return fields_.pick(reader_, value, found_); }

std::optional<std::string> RecordFields::key() {
  return has_key_ ? scalar_at(identity_count_) : std::nullopt;
}

std::optional<std::string> RecordFields::scalar_at(size_t field) {
  const std::string_view raw = found_[field];
  if (raw.empty() || is_null(raw) || raw.front() == '{' || raw.front() == '[') return std::nullopt;
  std::string text;
  return texts_.text(raw, text) ? text : std::string(raw);
}

/// Parts are kept apart by a byte that no text of JSON holds unescaped, so that ("a","bc") is not
/// ("ab","c").
uint64_t RecordFields::identity() {
  std::string whole;
  for (size_t i = 0; i < identity_count_; ++i) {
    const auto part = scalar_at(i);
    if (!part) return 0;
    if (i > 0) whole += '\xFF';
    whole += *part;
  }
  return identity_count_ ? text::stable_hash(whole) : 0;
}

}  // namespace millrace::json
