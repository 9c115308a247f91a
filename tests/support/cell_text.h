#pragma once

/// Cells and errors as text, for tests.

#include <string>

#include "columns/array_text.h"
#include "columns/column.h"
#include "columns/datetime.h"
#include "columns/interval.h"
#include "columns/json_encode.h"
#include "columns/number_text.h"
#include "functions/row_errors.h"

namespace millrace {

/// A cell in PostgreSQL's text form; "NULL" for NULL.
inline std::string cell_text(const Column& column, uint32_t row) {
  if (!column.valid(row)) return "NULL";
  const uint32_t at = column.constant ? 0 : row;
  char text[kNumberTextMax];
  if (is_array(column.type)) {
    ByteBuffer out;
    write_array_text(column, row, out);
    return std::string(out.view());
  }
  switch (column.type) {
    case Type::kBool: return column.bools[at] ? "true" : "false";
    case Type::kInt4:
    case Type::kInt8: return {text, format_int(column.ints[at], text)};
    case Type::kFloat8: return {text, format_float8(column.floats[at], text)};
    case Type::kTimestamptz: return {text, format_timestamptz(column.ints[at], text)};
    case Type::kTimestamp: return {text, format_timestamp(column.ints[at], text)};
    case Type::kDate: return {text, format_date(column.ints[at], text)};
    case Type::kInterval: {
      char longer[kIntervalTextMax];
      return {longer, format_interval(interval_of(column.texts[at]), longer)};
    }
    case Type::kText:
    case Type::kNumeric:
    case Type::kJsonb: return std::string(column.texts[at]);
  }
  return "?";
}

inline std::string error_text(const RowErrors& errors, uint32_t row) {
  for (const RowError& error : errors.list()) {
    if (error.row == row) return std::string(error.sqlstate) + " " + error.text;
  }
  return "no error";
}

}  // namespace millrace
