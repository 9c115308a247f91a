#include "base/duration.h"

#include <array>
#include <charconv>
#include <limits>

namespace millrace {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

/// Largest first: compound durations must descend.
constexpr std::array<Unit, 6> kDurationUnits = {{{"d", 86'400'000'000},
                                                 {"h", 3'600'000'000},
                                                 {"m", 60'000'000},
                                                 {"s", 1'000'000},
                                                 {"ms", 1'000},
                                                 {"us", 1}}};

constexpr std::array<Unit, 10> kSizeUnits = {{{"B", 1},
                                              {"KB", 1'000},
                                              {"kB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"TB", 1'000'000'000'000},
                                              {"KiB", 1ll << 10},
                                              {"MiB", 1ll << 20},
                                              {"GiB", 1ll << 30},
                                              {"TiB", 1ll << 40}}};

/// Takes digits from the front of `text`. Nullopt: none, or too many.
std::optional<int64_t> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  int64_t number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

/// Takes letters from the front of `text`.
std::string_view take_unit(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && (text[length] < '0' || text[length] > '9')) ++length;
  std::string_view unit = text.substr(0, length);
  text.remove_prefix(length);
  return unit;
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    const std::optional<int64_t> number = take_number(text);
    if (!number) return std::nullopt;
    const std::string_view name = take_unit(text);
    while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kDurationUnits.size()) return std::nullopt;
    int64_t part;
    if (__builtin_mul_overflow(*number, kDurationUnits[next_unit].factor, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
    ++next_unit;
  }
  return negative ? -total : total;
}

std::string format_duration(int64_t us) {
  if (us == 0) return "0s";
  std::string out;
  if (us < 0) out += '-';
  // Unsigned, since -INT64_MIN does not fit.
  uint64_t rest = us < 0 ? 0 - static_cast<uint64_t>(us) : static_cast<uint64_t>(us);
  for (const Unit& unit : kDurationUnits) {
    const uint64_t count = rest / static_cast<uint64_t>(unit.factor);
    if (count == 0) continue;
    out += std::to_string(count);
    out += unit.name;
    rest %= static_cast<uint64_t>(unit.factor);
  }
  return out;
}

std::optional<int64_t> parse_size(std::string_view text) {
  const std::optional<int64_t> number = take_number(text);
  if (!number) return std::nullopt;
  if (text.empty()) return *number == 0 ? number : std::nullopt;
  for (const Unit& unit : kSizeUnits) {
    if (unit.name != text) continue;
    int64_t bytes;
    if (__builtin_mul_overflow(*number, unit.factor, &bytes)) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

}  // namespace millrace
