#include "pipeline/commit_meta.h"

#include "base/hash.h"
#include "base/log.h"
#include "json/document.h"

namespace millrace {

std::string stored_identity(const std::string& identity) {
  return masked(identity) + " #" + std::to_string(hash_bytes(identity));
}

const JsonValue& member_of(const JsonValue& object, std::string_view key) {
  static const JsonValue kNothing = JsonValue::object();
  const JsonValue* found = object.find(key);
  return found ? *found : kNothing;
}

Result<JsonValue> parse_commit_meta(const std::string& text) {
  auto parsed = parse_json(text, "the last commit");
  if (!parsed) return parsed.error();
  const JsonValue* format = parsed->root.find("format");
  if (!format || !format->is_int()) {
    return Error{Code::kCorrupt, "the last commit is damaged; start anew with --fresh"};
  }
  if (format->as_int() > kCommitMetaFormat) {
    return Error{Code::kFailed,
                 "the state was written by a newer release of millrace; use that one, or start "
                 "anew with --fresh"};
  }
  return std::move(parsed->root);
}

}  // namespace millrace
