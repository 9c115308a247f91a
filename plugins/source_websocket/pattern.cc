#include "source_websocket/pattern.h"

#include "common/json/config_text.h"
#include "common/json/pointer.h"

namespace millrace::websocket_source {
namespace {

std::string pointer_of(const std::string& key) {
  if (key.starts_with('/')) return key;
  std::string pointer = "/";
  for (const char c : key) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

/// Texts are compared as texts (escapes may differ), everything else as it is written.
bool is_same(std::string_view raw, const std::string& wanted) {
  std::string a, b;
  json::JsonReader reader;
  if (reader.text(raw, a) && reader.text(wanted, b)) return a == b;
  return raw == wanted;
}

}  // namespace

Pattern::Pattern(const config& spec) {
  if (spec.type("") == MR_JSON_STRING) {
    whole_ = spec.str("");
    return;
  }
  for (const auto& [key, value] : spec.members("")) {
    members_.emplace_back(pointer_of(key), json::json_of(value));
  }
}

bool Pattern::fits(std::string_view message) const {
  if (!whole_.empty()) return message == whole_;
  for (const auto& [pointer, wanted] : members_) {
    const auto raw = json::at_pointer(message, pointer);
    if (!raw || !is_same(*raw, wanted)) return false;
  }
  return !members_.empty();
}

bool fits_any(const std::vector<Pattern>& patterns, std::string_view message) {
  for (const Pattern& pattern : patterns) {
    if (pattern.fits(message)) return true;
  }
  return false;
}

}  // namespace millrace::websocket_source
