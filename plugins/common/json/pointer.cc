#include "common/json/pointer.h"

namespace millrace::json {
namespace {

std::string unescaped(std::string_view part) {
  std::string out;
  for (size_t i = 0; i < part.size(); ++i) {
    const bool is_escape = part[i] == '~' && i + 1 < part.size();
    if (is_escape) ++i;
    out += is_escape ? (part[i] == '1' ? '/' : '~') : part[i];
  }
  return out;
}

std::optional<std::string_view> member_of(std::string_view text, const std::string& name) {
  std::optional<std::string_view> found;
  JsonReader reader;
  const bool whole = reader.members(text, [&](std::string_view key, std::string_view raw) {
    if (key == name) found = raw;
  });
  return whole ? found : std::nullopt;
}

std::optional<std::string_view> element_of(std::string_view text, const std::string& index) {
  std::optional<std::string_view> found;
  const auto wanted = integer_of(index);
  int64_t at = 0;
  JsonReader reader;
  const bool whole = reader.elements(text, [&](std::string_view raw) {
    if (at++ == wanted) found = raw;
  });
  return whole ? found : std::nullopt;
}

}  // namespace

std::optional<std::string_view> at_pointer(std::string_view text, std::string_view pointer) {
  std::optional<std::string_view> at = text;
  while (at && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string part = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    const size_t first = at->find_first_not_of(" \t\r\n");
    const bool is_array = first != at->npos && (*at)[first] == '[';
    at = is_array ? element_of(*at, part) : member_of(*at, part);
  }
  return at;
}

std::string dotted(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::string(path);
  std::string out(path.substr(1));
  for (char& c : out) {
    if (c == '/') c = '.';
  }
  return out;
}

}  // namespace millrace::json
