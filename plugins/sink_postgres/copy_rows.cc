#include "copy_rows.h"

#include <bit>

namespace millrace::postgres_sink {
namespace {

/// PostgreSQL counts microseconds from 2000-01-01.
constexpr int64_t kEpochUs = 946684800000000;

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

void append_cell(std::string& out, const column_view& column, const Field& field, uint32_t row) {
  if (column.is_null(row)) return append_big_endian(out, int32_t{-1});
  switch (field.form) {
    case Field::Form::kBool: return append_number(out, static_cast<int8_t>(column.flag(row)));
    case Field::Form::kInt4: return append_number(out, static_cast<int32_t>(column.integer(row)));
    case Field::Form::kInt8: return append_number(out, column.integer(row));
    case Field::Form::kFloat8: return append_number(out, std::bit_cast<int64_t>(column.number(row)));
    case Field::Form::kTime: {
      int64_t us;
      // What does not fit is out of PostgreSQL's range too, and refused there.
      if (__builtin_sub_overflow(column.integer(row), kEpochUs, &us)) us = INT64_MIN + 1;
      return append_number(out, us);
    }
    case Field::Form::kText: return append_text(out, column.text(row), false);
    case Field::Form::kJsonb: return append_text(out, column.text(row), true);
  }
}

}  // namespace

void CopyRows::add(std::span<const column_view> columns, std::span<const Field> fields, uint32_t rows) {
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
