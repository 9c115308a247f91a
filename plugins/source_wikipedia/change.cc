#include "source_wikipedia/change.h"

#include "common/text/stable_hash.h"
#include "common/text/time_text.h"

namespace millrace::wikipedia {
namespace {

/// In the order of kPaths. The three names for the wiki are those of recentchange, of the older
/// revision and page streams, and of page_change.
enum Field : size_t {
  kMeta,
  kTopic,
  kPartition,
  kStream,
  kDomain,
  kDt,
  kTimestamp,
  kWiki,
  kDatabase,
  kWikiId,
  kFieldCount
};
constexpr const char* kPaths[kFieldCount] = {
    "meta",    "meta.topic", "meta.partition", "meta.stream", "meta.domain",
    "meta.dt", "timestamp",  "wiki",           "database",    "wiki_id"};

std::vector<std::string> all_paths(const std::string& key,
                                   const std::vector<std::string>& identity) {
  std::vector<std::string> paths(std::begin(kPaths), std::end(kPaths));
  paths.insert(paths.end(), identity.begin(), identity.end());
  if (!key.empty()) paths.push_back(key);
  return paths;
}

}  // namespace

ChangeReader::ChangeReader(const std::string& key_path,
                           const std::vector<std::string>& identity_paths)
    : fields_(all_paths(key_path, identity_paths)),
      identity_count_(identity_paths.size()),
      has_key_(!key_path.empty()) {}

const char* ChangeReader::read(std::string_view data) {
  change_ = {};
  if (!fields_.pick(reader_, data, found_)) return "not a JSON object";
  if (found_[kMeta].empty() || found_[kMeta].front() != '{') return "no object \"meta\"";
  text_at(kTopic, change_.topic);
  change_.partition = json::integer_of(found_[kPartition]).value_or(0);
  text_at(kStream, change_.stream);
  std::string domain;
  change_.is_canary = text_at(kDomain, domain) && domain == "canary";
  read_wiki();
  change_.identity = identity();
  if (has_key_) change_.key = scalar_at(found_.size() - 1);
  read_times();
  return nullptr;
}

void ChangeReader::read_times() {
  if (std::string dt; text_at(kDt, dt)) change_.intake_ms = text::parse_time_ms(dt);
  if (const auto seconds = json::integer_of(found_[kTimestamp])) {
    constexpr int64_t kMost = INT64_MAX / 1'000'000;
    if (*seconds <= kMost && *seconds >= -kMost) change_.event_time_ms = *seconds * 1000;
  } else if (change_.is_canary) {
    change_.event_time_ms = change_.intake_ms;
  }
}

bool ChangeReader::text_at(size_t field, std::string& out) {
  return texts_.text(found_[field], out);
}

/// Strings without their quotes, numbers and booleans as they are written. Nullopt: absent, null,
/// or not a scalar.
std::optional<std::string> ChangeReader::scalar_at(size_t field) {
  const std::string_view raw = found_[field];
  if (raw.empty() || json::is_null(raw) || raw.front() == '{' || raw.front() == '[')
    return std::nullopt;
  std::string text;
  return text_at(field, text) ? text : std::string(raw);
}

void ChangeReader::read_wiki() {
  for (const size_t field : {kWiki, kDatabase, kWikiId}) {
    if (text_at(field, change_.wiki)) return;
  }
}

/// Parts are kept apart by a byte that no text of JSON holds unescaped, so that ("a","bc") is not
/// ("ab","c").
uint64_t ChangeReader::identity() {
  std::string whole;
  for (size_t i = 0; i < identity_count_; ++i) {
    const auto part = scalar_at(kFieldCount + i);
    if (!part) return 0;
    if (i > 0) whole += '\xFF';
    whole += *part;
  }
  return identity_count_ ? text::stable_hash(whole) : 0;
}

}  // namespace millrace::wikipedia
