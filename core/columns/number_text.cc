#include "columns/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/int128.h"
#include "columns/cell_parse.h"

namespace millrace {
namespace {

size_t copy(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

/// Case-insensitive equality with a lower-case word.
bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != word[i]) return false;
  }
  return true;
}

/// `digits` has its point after the first digit; exponent as in scientific notation.
size_t place_point(std::string_view digits, int exponent, char* out) {
  size_t length = 0;
  const auto put = [&](char c) { out[length++] = c; };
  const auto count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 15) {
    put(digits[0]);
    if (count > 1) {
      put('.');
      length += copy(digits.substr(1), out + length);
    }
    put('e');
    put(exponent < 0 ? '-' : '+');
    const int size = std::abs(exponent);
    if (size < 10) put('0');
    return length + format_int(size, out + length);
  }
  if (exponent < 0) {
    length += copy("0.", out);
    for (int i = -1; i > exponent; --i) put('0');
    return length + copy(digits, out + length);
  }
  for (int i = 0; i < count || i <= exponent; ++i) {
    if (i == exponent + 1) put('.');
    put(i < count ? digits[static_cast<size_t>(i)] : '0');
  }
  return length;
}

/// Shortest digits may lie exactly between two doubles and then read back right only where
/// the reader rounds to even. PostgreSQL does not rely on that. Such digits are integers beyond
/// 2^53.
bool is_between_two(std::string_view scientific, double value) {
  if (value < 0x1p53 || value >= 0x1p100) return false;
  int128 decimal = 0;
  const size_t mark = scientific.find('e');
  int exponent = 0;
  std::from_chars(scientific.data() + mark + 2, scientific.data() + scientific.size(), exponent);
  for (const char c : scientific.substr(0, mark)) {
    if (c != '.') decimal = decimal * 10 + (c - '0');
  }
  const auto fraction = static_cast<int>(mark > 1 ? mark - 2 : 0);
  if (exponent < fraction) return false;
  for (int i = fraction; i < exponent; ++i) decimal *= 10;
  const auto exact = static_cast<int128>(value);
  const double other = std::nextafter(value, decimal > exact ? HUGE_VAL : 0.0);
  return decimal * 2 == exact + static_cast<int128>(other);
}

/// `d.ddde+xx` with the fewest digits that lie strictly nearer to `value` than to its neighbours.
std::string_view shortest_digits(double value, char* text, size_t size) {
  auto end = std::to_chars(text, text + size, value, std::chars_format::scientific).ptr;
  std::string_view digits(text, static_cast<size_t>(end - text));
  const size_t mark = digits.find('e');
  if (!is_between_two(digits, value)) return digits;
  for (auto precision = static_cast<int>(mark > 1 ? mark - 1 : 1); precision <= 16; ++precision) {
    end = std::to_chars(text, text + size, value, std::chars_format::scientific, precision).ptr;
    digits = {text, static_cast<size_t>(end - text)};
    double read = 0;
    std::from_chars(text, end, read);
    if (read == value && !is_between_two(digits, value)) break;
  }
  return digits;
}

}  // namespace

size_t format_int(int64_t value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kNumberTextMax, value).ptr - out);
}

size_t format_float8(double value, char* out) {
  if (std::isnan(value)) return copy("NaN", out);
  size_t length = 0;
  if (std::signbit(value)) out[length++] = '-';
  value = std::fabs(value);
  if (std::isinf(value)) return length + copy("Infinity", out + length);
  if (value == 0) return length + copy("0", out + length);
  // PostgreSQL's choice of notation differs from to_chars' own.
  char text[kNumberTextMax];
  const std::string_view shortest = shortest_digits(value, text, sizeof(text));
  const size_t mark = shortest.find('e');
  int exponent = 0;
  const size_t first = shortest[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text + first, text + shortest.size(), exponent);
  char digits[kNumberTextMax] = {};
  size_t count = 0;
  for (size_t i = 0; i < mark; ++i) {
    if (text[i] != '.') digits[count++] = text[i];
  }
  return length + place_point({digits, count}, exponent, out + length);
}

NumberFault parse_int(std::string_view text, int64_t min, int64_t max, int64_t& value) {
  text = trim_blanks(text);
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty()) return NumberFault::kSyntax;
  bool overflow = false;
  int64_t sum = 0;  // Negative, since that side reaches one further.
  for (const char c : digits) {
    if (c < '0' || c > '9') return NumberFault::kSyntax;
    overflow |= __builtin_mul_overflow(sum, 10, &sum);
    overflow |= __builtin_sub_overflow(sum, c - '0', &sum);
  }
  if (!negative) overflow |= __builtin_sub_overflow(0, sum, &sum);
  if (overflow || sum < min || sum > max) return NumberFault::kRange;
  value = sum;
  return NumberFault::kNone;
}

NumberFault parse_float8(std::string_view text, double& value) {
  text = trim_blanks(text);
  std::string_view body = text;
  const bool negative = body.starts_with('-');
  if (negative || body.starts_with('+')) body.remove_prefix(1);
  if (is_word(body, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
    return NumberFault::kNone;
  }
  if (is_word(body, "infinity") || is_word(body, "inf")) {
    value = negative ? -HUGE_VAL : HUGE_VAL;
    return NumberFault::kNone;
  }
  // from_chars takes no sign but '-', and no second one.
  if (body.empty() || body[0] == '-' || body[0] == '+' || body[0] == 'i' || body[0] == 'n' ||
      body[0] == 'I' || body[0] == 'N') {
    return NumberFault::kSyntax;
  }
  double read = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), read);
  if (error == std::errc::invalid_argument || end != body.data() + body.size()) {
    return NumberFault::kSyntax;
  }
  if (error == std::errc::result_out_of_range) return NumberFault::kRange;
  value = negative ? -read : read;
  return NumberFault::kNone;
}

}  // namespace millrace
