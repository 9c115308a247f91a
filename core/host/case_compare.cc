#include "host/case_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "json/document.h"
#include "json/write.h"

namespace millrace {
namespace {

/// The next line without its end; nullopt: there is none. A last line without an end says so.
std::optional<std::string> take_line(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const size_t end = rest.find('\n');
  std::string line(rest.substr(0, end));
  if (end == std::string_view::npos) line += "  (no line end)";
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

std::string shown(const std::optional<std::string>& line) {
  constexpr size_t kShown = 300;
  if (!line) return "(nothing more)";
  std::string out;
  for (char c : line->substr(0, kShown))
    out += static_cast<unsigned char>(c) < 0x20 ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  return line->size() > kShown ? out + " …" : out;
}

std::string line_difference(size_t number, const std::string& expected,
                            const std::string& written) {
  return fmt::format("line {}\n      expected: {}\n      written:  {}", number, expected, written);
}

}  // namespace

std::string compare_bytes(std::string_view expected, std::string_view written) {
  if (expected == written) return {};
  for (size_t number = 1;; ++number) {
    const auto want = take_line(expected), have = take_line(written);
    if (want != have) return line_difference(number, shown(want), shown(have));
  }
}

std::string compare_members(std::string_view expected, std::string_view written) {
  for (size_t number = 1;; ++number) {
    const auto want = take_line(expected), have = take_line(written);
    if (!want && !have) return {};
    if (!want || !have) return line_difference(number, shown(want), shown(have));
    const auto wanted = parse_json(*want, "expected"), row = parse_json(*have, "written");
    if (!wanted) return wanted.error().message;
    if (!row) return line_difference(number, shown(want), shown(have));
    const std::string missing = missing_members(wanted->root, row->root);
    if (!missing.empty()) return fmt::format("line {}: {}", number, missing);
  }
}

std::string missing_members(const JsonValue& wanted, const JsonValue& have,
                            const std::string& place) {
  if (wanted.is_object() && have.is_object()) {
    for (const JsonValue::Member& member : wanted.members()) {
      const std::string inner = place.empty() ? member.key : place + "." + member.key;
      const JsonValue* value = have.find(member.key);
      if (!value) return inner + " is missing";
      if (std::string found = missing_members(member.value, *value, inner); !found.empty())
        return found;
    }
    return {};
  }
  if (wanted == have) return {};
  return fmt::format("{} is {}, expected {}", place, to_json(have), to_json(wanted));
}

}  // namespace millrace
