#include "copy_rows.h"

#include <algorithm>
#include <bit>

namespace millrace::postgres_sink {
namespace {

/// PostgreSQL counts microseconds from 2000-01-01.
constexpr int64_t kEpochUs = 946684800000000;
constexpr int64_t kEpochDays = 10957;

template <class T>
void append_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<uint64_t>(value) >> shift);
  }
}

template <class T>
void append_number(std::string& out, T value) {
  append_big_endian(out, static_cast<int32_t>(sizeof value));
  append_big_endian(out, value);
}

void append_text(std::string& out, std::string_view text, bool jsonb) {
  append_big_endian(out, static_cast<int32_t>(text.size() + (jsonb ? 1 : 0)));
  if (jsonb) out += '\1';  // Version of its binary form.
  out += text;
}

/// numeric_send: groups of four digits left and right of the point, as the text has them.
void append_numeric(std::string& out, std::string_view text) {
  constexpr uint16_t kMinus = 0x4000, kNan = 0xC000, kInfinity = 0xD000, kMinusInfinity = 0xF000;
  const auto special = [&out](uint16_t sign) {
    append_big_endian(out, int32_t{8});
    for (const uint16_t part : {uint16_t{0}, uint16_t{0}, sign, uint16_t{0}})
      append_big_endian(out, part);
  };
  if (text == "NaN") return special(kNan);
  if (text == "Infinity") return special(kInfinity);
  if (text == "-Infinity") return special(kMinusInfinity);
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string whole(text.substr(0, point)),
      rest(point < text.size() ? text.substr(point + 1) : std::string_view());
  const std::size_t scale = rest.size();
  whole.insert(0, (4 - whole.size() % 4) % 4, '0');
  rest.append((4 - rest.size() % 4) % 4, '0');
  const std::string digits = whole + rest;
  append_big_endian(out, static_cast<int32_t>(8 + digits.size() / 2));
  append_big_endian(out, static_cast<uint16_t>(digits.size() / 4));
  append_big_endian(out, static_cast<uint16_t>(whole.size() / 4 - 1));
  append_big_endian(out, minus ? kMinus : uint16_t{0});
  append_big_endian(out, static_cast<uint16_t>(scale));
  for (std::size_t at = 0; at < digits.size(); at += 4) {
    append_big_endian(out, static_cast<uint16_t>(std::stoi(digits.substr(at, 4))));
  }
}

void append_cell(std::string& out, const column_view& column, const Field& field, uint32_t row) {
  if (column.is_null(row)) return append_big_endian(out, int32_t{-1});
  switch (field.form) {
    case Field::Form::kBool: return append_number(out, static_cast<int8_t>(column.flag(row)));
    case Field::Form::kInt4: return append_number(out, static_cast<int32_t>(column.integer(row)));
    case Field::Form::kInt8: return append_number(out, column.integer(row));
    case Field::Form::kFloat8:
      return append_number(out, std::bit_cast<int64_t>(column.number(row)));
    case Field::Form::kTime: {
      int64_t us;
      // What does not fit is out of PostgreSQL's range too, and refused there.
      if (__builtin_sub_overflow(column.integer(row), kEpochUs, &us)) us = INT64_MIN + 1;
      return append_number(out, us);
    }
    case Field::Form::kDate:
      return append_number(out, static_cast<int32_t>(column.integer(row) - kEpochDays));
    case Field::Form::kNumeric: return append_numeric(out, column.text(row));
    case Field::Form::kText: return append_text(out, column.text(row), false);
    case Field::Form::kJsonb: return append_text(out, column.text(row), true);
  }
}

}  // namespace

void CopyRows::add(std::span<const column_view> columns, std::span<const Field> fields,
                   uint32_t rows) {
  for (uint32_t row = 0; row < rows; ++row) {
    append_big_endian(stream_, static_cast<int16_t>(fields.size() + (numbered_ ? 1 : 0)));
    if (numbered_) append_number(stream_, rows_);
    for (const Field& field : fields) append_cell(stream_, columns[field.column], field, row);
    ++rows_;
  }
}

std::string CopyRows::take() {
  std::string out("PGCOPY\n\377\r\n\0", 11);
  append_big_endian(out, int32_t{0});  // Flags.
  append_big_endian(out, int32_t{0});  // Bytes of an extension.
  out += stream_;
  append_big_endian(out, int16_t{-1});
  clear();
  return out;
}

void CopyRows::clear() {
  stream_.clear();
  rows_ = 0;
}

}  // namespace millrace::postgres_sink
