#include "columns/cell_parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/int128.h"

namespace millrace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t count_digits(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// A number taken apart: digits (integer part, then fraction) and where the point stands.
struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;
};

bool split_decimal(std::string_view text, Decimal& out) {
  size_t at = 0;
  if (at < text.size() && text[at] == '-') out.negative = true, ++at;
  const size_t whole = count_digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  out.whole = text.substr(at, whole);
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = count_digits(text, at + 1);
    if (fraction == 0) return false;
    out.fraction = text.substr(at + 1, fraction);
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool down = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) down = text[at++] == '-';
    const size_t digits = count_digits(text, at);
    if (digits == 0) return false;
    // Beyond a million every number is 0 or out of range; the cap keeps the sum from wrapping.
    constexpr int64_t kExponentCap = 1'000'000;
    for (size_t i = 0; i < digits; ++i) {
      out.exponent = std::min(out.exponent * 10 + (text[at + i] - '0'), kExponentCap);
    }
    if (down) out.exponent = -out.exponent;
    at += digits;
  }
  return at == text.size();
}

bool add_digit(uint128& value, char digit) {
  constexpr uint128 kTooBig = static_cast<uint128>(1) << 64;
  value = value * 10 + static_cast<unsigned>(digit - '0');
  return value < kTooBig;
}

}  // namespace

bool is_json_number(std::string_view token) {
  Decimal decimal;
  return split_decimal(token, decimal);
}

std::optional<int64_t> decimal_to_int(std::string_view text, int scale, bool exact) {
  Decimal d;
  if (!split_decimal(text, d)) return std::nullopt;
  const int64_t shift = d.exponent + scale;  // Places by which the point moves right.
  const auto whole_size = static_cast<int64_t>(d.whole.size());
  const auto size = whole_size + static_cast<int64_t>(d.fraction.size());
  const auto digit = [&](int64_t i) {
    return i < whole_size ? d.whole[static_cast<size_t>(i)]
                          : d.fraction[static_cast<size_t>(i - whole_size)];
  };
  const int64_t point = whole_size + shift;
  uint128 value = 0;
  for (int64_t i = 0; i < std::min(point, size); ++i) {
    if (!add_digit(value, digit(i))) return std::nullopt;
  }
  for (int64_t i = size; i < point && value != 0; ++i) {
    if (!add_digit(value, '0')) return std::nullopt;
  }
  bool lost = false;
  for (int64_t i = std::max<int64_t>(point, 0); i < size && !lost; ++i) lost = digit(i) != '0';
  if (lost && exact) return std::nullopt;
  if (d.negative && lost) ++value;  // Toward minus infinity.
  constexpr auto kMax = static_cast<uint128>(std::numeric_limits<int64_t>::max());
  if (value > kMax + (d.negative ? 1 : 0)) return std::nullopt;
  const auto magnitude = static_cast<uint64_t>(value);
  return static_cast<int64_t>(d.negative ? 0 - magnitude : magnitude);
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> text_to_float8(std::string_view text) {
  text = trim_blanks(text);
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<int64_t> text_to_int8(std::string_view text) {
  text = trim_blanks(text);
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> text_to_bool(std::string_view text) {
  text = trim_blanks(text);
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto is_prefix_of = [&](std::string_view word, size_t shortest) {
    return lower.size() >= shortest && word.substr(0, lower.size()) == lower;
  };
  if (lower == "1" || lower == "on" || is_prefix_of("true", 1) || is_prefix_of("yes", 1))
    return true;
  if (lower == "0" || is_prefix_of("off", 2) || is_prefix_of("false", 1) || is_prefix_of("no", 1)) {
    return false;
  }
  return std::nullopt;
}

std::optional<EventTime> text_to_timestamptz(std::string_view text) {
  text = trim_blanks(text);
  if (auto time = parse_rfc3339(text)) return time;
  std::string longer(text);
  constexpr size_t kDateSize = 10;
  if (text.size() == kDateSize) longer += "T00:00:00";
  if (text.size() == kDateSize + 6) longer += ":00";
  longer += "Z";
  return parse_rfc3339(longer);
}

}  // namespace millrace
