#include "common/http/link_header.h"

#include <strings.h>

namespace millrace::http {
namespace {

constexpr std::string_view kBlanks = " \t";

void skip(std::string_view& text, std::string_view what) {
  text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// A token, or a quoted string without its quotes and backslashes.
std::string take_value(std::string_view& text) {
  std::string out;
  if (text.empty() || text.front() != '"') {
    const size_t end = std::min(text.find_first_of(";, \t"), text.size());
    out = text.substr(0, end);
    text.remove_prefix(end);
    return out;
  }
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    out += text.front();
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return out;
}

/// `rel` may hold several relations.
bool holds(std::string_view relations, std::string_view wanted) {
  while (!relations.empty()) {
    skip(relations, kBlanks);
    const size_t end = std::min(relations.find_first_of(kBlanks), relations.size());
    if (same(relations.substr(0, end), wanted)) return true;
    relations.remove_prefix(end);
  }
  return false;
}

/// The parameters behind a target; only the first `rel` counts. Leaves `text` behind the comma.
bool take_parameters(std::string_view& text, std::string_view rel) {
  bool matches = false, seen = false;
  while (true) {
    skip(text, kBlanks);
    if (text.empty()) return matches;
    const char next = text.front();
    text.remove_prefix(1);
    if (next == ',') return matches;
    if (next != ';') continue;
    skip(text, kBlanks);
    const size_t end = std::min(text.find_first_of("=;, \t"), text.size());
    const std::string_view name = text.substr(0, end);
    text.remove_prefix(end);
    skip(text, kBlanks);
    if (text.empty() || text.front() != '=') continue;
    text.remove_prefix(1);
    skip(text, kBlanks);
    const std::string value = take_value(text);
    if (!same(name, "rel") || seen) continue;
    seen = true;
    matches = holds(value, rel);
  }
}

}  // namespace

std::optional<std::string> find_link(std::string_view header, std::string_view rel) {
  while (true) {
    skip(header, " \t,");
    if (header.empty() || header.front() != '<') return std::nullopt;
    const size_t end = header.find('>');
    if (end == header.npos) return std::nullopt;
    const std::string target(header.substr(1, end - 1));
    header.remove_prefix(end + 1);
    if (take_parameters(header, rel)) return target;
  }
}

}  // namespace millrace::http
