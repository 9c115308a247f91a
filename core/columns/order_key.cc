#include "columns/order_key.h"

#include <bit>
#include <cmath>
#include <string_view>

#include "columns/array.h"
#include "columns/decimal.h"
#include "columns/interval.h"

namespace millrace {
namespace {

// What a key begins with, and what ends one of varying length.
constexpr char kNullFirst = 0, kThere = 1, kNullLast = 2, kEnd = 0;

constexpr uint64_t kSign = uint64_t{1} << 63;

void append_big_endian(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void append_int(int64_t value, std::string& out) {
  append_big_endian(static_cast<uint64_t>(value) ^ kSign, out);
}

void append_float(double value, std::string& out) {
  if (std::isnan(value)) value = std::nan("");  // The largest, whatever its bits.
  if (value == 0) value = 0;                    // -0 too.
  const auto bits = std::bit_cast<uint64_t>(value);
  append_big_endian(bits & kSign ? ~bits : bits ^ kSign, out);
}

/// A zero byte inside is followed by 0xFF, the end by another zero.
void append_text(std::string_view text, std::string& out) {
  for (const char c : text) {
    out.push_back(c);
    if (c == 0) out.push_back('\xff');
  }
  out.append(2, kEnd);
}

void invert(std::string& out, size_t from) {
  for (size_t i = from; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
}

/// A class, then for numbers the place of the first digit that counts, then the digits.
void append_numeric(std::string_view text, std::string& out) {
  enum Class : char { kMinusInfinity, kNegative, kZero, kPositive, kInfinity, kNan };
  if (!is_finite_numeric(text))
    return out.push_back(text == "NaN" ? kNan : text[0] == '-' ? kMinusInfinity : kInfinity);
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  text = without_trailing_zeros(text);
  const size_t first = text.find_first_of("123456789");
  if (first == text.npos) return out.push_back(kZero);
  out.push_back(negative ? kNegative : kPositive);
  const size_t begin = out.size();
  const auto point = static_cast<int64_t>(std::min(text.find('.'), text.size()));
  append_int(point - static_cast<int64_t>(first), out);
  for (const char c : text.substr(first)) {
    if (c != '.') out.push_back(c);
  }
  // 100 is told from 1 by its place alone.
  while (out.back() == '0') out.pop_back();
  out.push_back(kEnd);
  if (negative) invert(out, begin);
}

void append_span(int128 span, std::string& out) {
  append_int(static_cast<int64_t>(span >> 64), out);
  append_big_endian(static_cast<uint64_t>(span), out);
}

void append_value(const Column& column, size_t at, std::string& out);

void append_elements(const Column& column, size_t at, std::string& out) {
  Column elements;
  elements.reset(element_of(column.type), 0);
  unpack_array(column.texts[at], elements);
  for (size_t i = 0; i < elements.size(); ++i) {
    out.push_back(elements.valid(i) ? kThere : kNullLast);
    if (elements.valid(i)) append_value(elements, i, out);
  }
  out.push_back(kEnd);
}

void append_value(const Column& column, size_t at, std::string& out) {
  if (is_array(column.type)) return append_elements(column, at, out);
  switch (storage_of(column.type)) {
    case Storage::kBool: return out.push_back(static_cast<char>(column.bools[at]));
    case Storage::kInt: return append_int(column.ints[at], out);
    case Storage::kFloat: return append_float(column.floats[at], out);
    case Storage::kBytes: break;
  }
  const std::string_view cell = column.texts[at];
  if (column.type == Type::kNumeric) return append_numeric(cell, out);
  if (column.type == Type::kInterval) return append_span(interval_of(cell).span(), out);
  append_text(cell, out);
}

}  // namespace

bool has_order(Type type) { return (is_array(type) ? element_of(type) : type) != Type::kJsonb; }

void append_order_key(const Column& column, size_t row, OrderDirection direction,
                      std::string& out) {
  if (!column.valid(row)) return out.push_back(direction.nulls_first ? kNullFirst : kNullLast);
  out.push_back(kThere);
  const size_t begin = out.size();
  append_value(column, column.constant ? 0 : row, out);
  if (direction.descending) invert(out, begin);
}

}  // namespace millrace
