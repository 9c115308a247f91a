#include "columns/decimal.h"

#include <algorithm>
#include <cstring>

#include "columns/cell_parse.h"

namespace millrace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return (a | 0x20) == b; });
}

/// A number as it was written.
struct Written {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;

  size_t size() const { return whole.size() + fraction.size(); }
  char digit(int64_t i) const {
    if (i < 0 || i >= static_cast<int64_t>(size())) return '0';
    const auto at = static_cast<size_t>(i);
    return at < whole.size() ? whole[at] : fraction[at - whole.size()];
  }
};

std::string_view take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take_exponent(std::string_view& text, int64_t& exponent) {
  if (text.empty() || (text[0] | 0x20) != 'e') return true;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = take_digits(text);
  constexpr int64_t kBeyondAll = 1'000'000;
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kBeyondAll);
  if (negative) exponent = -exponent;
  return !digits.empty();
}

bool split(std::string_view text, Written& out) {
  out.negative = text.starts_with('-');
  if (out.negative || text.starts_with('+')) text.remove_prefix(1);
  out.whole = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    out.fraction = take_digits(text);
  }
  return out.size() > 0 && take_exponent(text, out.exponent) && text.empty();
}

bool is_canonical(std::string_view text, const Written& written) {
  const bool plain = written.exponent == 0 && !text.starts_with('+') && !written.whole.empty() &&
                     (written.whole.size() == 1 || written.whole[0] != '0') && text.back() != '.' &&
                     (text.back() | 0x20) != 'e' && text.find_first_of("eE") == text.npos;
  return plain && !(written.negative && text.find_first_of("123456789") == text.npos);
}

NumberFault expand(const Written& written, ByteArena& arena, std::string_view& value) {
  const int64_t point = static_cast<int64_t>(written.whole.size()) + written.exponent;
  const auto size = static_cast<int64_t>(written.size());
  int64_t first = 0;
  while (first < size && written.digit(first) == '0') ++first;
  const bool zero = first == size;
  const int64_t scale =
      std::max<int64_t>(0, static_cast<int64_t>(written.fraction.size()) - written.exponent);
  const int64_t whole = zero ? 0 : std::max<int64_t>(0, point - first);
  if (whole > static_cast<int64_t>(kNumericWholeMax)) return NumberFault::kRange;
  if (scale > static_cast<int64_t>(kNumericScaleMax)) return NumberFault::kRange;
  const size_t room = static_cast<size_t>(whole + scale) + 3;
  char* const begin = arena.allocate(room);
  char* at = begin;
  if (written.negative && !zero) *at++ = '-';
  if (whole == 0) *at++ = '0';
  for (int64_t i = point - whole; i < point; ++i) *at++ = written.digit(i);
  if (scale > 0) *at++ = '.';
  for (int64_t i = point; i < point + scale; ++i) *at++ = written.digit(i);
  const auto length = static_cast<size_t>(at - begin);
  arena.give_back(room - length);
  value = {begin, length};
  return NumberFault::kNone;
}

/// -1, 0 or 1; beyond the numbers: 2 for Infinity, 3 for NaN, -2 for -Infinity.
int rank(std::string_view value) {
  if (value[0] == 'N') return 3;
  if (value[0] == 'I') return 2;
  if (value[0] == '-') return value[1] == 'I' ? -2 : -1;
  return value.find_first_of("123456789") == value.npos ? 0 : 1;
}

int compare_magnitudes(std::string_view a, std::string_view b) {
  const size_t point_a = std::min(a.find('.'), a.size()), point_b = std::min(b.find('.'), b.size());
  if (point_a != point_b) return point_a < point_b ? -1 : 1;
  return without_trailing_zeros(a).compare(without_trailing_zeros(b));
}

}  // namespace

NumberFault parse_numeric(std::string_view text, ByteArena& arena, std::string_view& value) {
  text = trim_blanks(text);
  std::string_view word = text;
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  if (is_word(text, "nan")) {
    value = "NaN";
    return NumberFault::kNone;
  }
  if (is_word(word, "infinity") || is_word(word, "inf")) {
    value = negative ? "-Infinity" : "Infinity";
    return NumberFault::kNone;
  }
  Written written;
  if (!split(text, written)) return NumberFault::kSyntax;
  if (is_canonical(text, written) && written.whole.size() <= kNumericWholeMax &&
      written.fraction.size() <= kNumericScaleMax) {
    value = text;
    return NumberFault::kNone;
  }
  return expand(written, arena, value);
}

int compare_numeric(std::string_view a, std::string_view b) {
  const int rank_a = rank(a), rank_b = rank(b);
  if (rank_a != rank_b) return rank_a < rank_b ? -1 : 1;
  if (rank_a == 1) return compare_magnitudes(a, b);
  if (rank_a == -1) return compare_magnitudes(b.substr(1), a.substr(1));
  return 0;
}

std::string_view without_trailing_zeros(std::string_view value) {
  if (value.find('.') == value.npos) return value;
  while (value.back() == '0') value.remove_suffix(1);
  if (value.back() == '.') value.remove_suffix(1);
  return value;
}

}  // namespace millrace
