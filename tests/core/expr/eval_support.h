#pragma once

/// Columns from readable cells and results as text, for the tests of this folder.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columns/array_text.h"
#include "columns/datetime.h"
#include "columns/interval.h"
#include "columns/json_encode.h"
#include "columns/number_text.h"
#include "expr/compile.h"

namespace millrace {

/// A batch with the fields that most cases need, cell by cell.
class TestBatch {
 public:
  using Ints = std::vector<std::optional<int64_t>>;
  using Floats = std::vector<std::optional<double>>;
  using Texts = std::vector<std::optional<std::string>>;

  TestBatch& ints(std::string name, const Ints& cells, Type type = Type::kInt8) {
    Column& column = add(std::move(name), type, cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (type == Type::kBool) {
        column.bools[i] = cells[i].value_or(0) != 0;
      } else {
        column.ints[i] = cells[i].value_or(77);
      }
      if (!cells[i]) column.set_cell(i, kNull, cells.size());
    }
    return *this;
  }
  TestBatch& bools(std::string name, const Ints& cells) {
    return ints(std::move(name), cells, Type::kBool);
  }
  TestBatch& floats(std::string name, const Floats& cells) {
    Column& column = add(std::move(name), Type::kFloat8, cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      column.floats[i] = cells[i].value_or(-1);
      if (!cells[i]) column.set_cell(i, kNull, cells.size());
    }
    return *this;
  }
  TestBatch& texts(std::string name, const Texts& cells, Type type = Type::kText) {
    Column& column = add(std::move(name), type, cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      column.texts[i] = cells[i] ? column.bytes.store(*cells[i]) : std::string_view();
      if (!cells[i]) column.set_cell(i, kNull, cells.size());
    }
    return *this;
  }
  TestBatch& mismatch(uint32_t row) {
    columns_.back()->set_cell(row, kMismatch, rows_);
    return *this;
  }

  const Schema& schema() const { return schema_; }
  uint32_t rows() const { return rows_; }
  Inputs inputs() const { return {views_, rows_}; }

 private:
  Column& add(std::string name, Type type, size_t rows) {
    schema_.add(std::move(name), type);
    columns_.push_back(std::make_unique<Column>());
    columns_.back()->reset(type, rows);
    views_.push_back(columns_.back().get());
    rows_ = static_cast<uint32_t>(rows);
    return *columns_.back();
  }
  Schema schema_;
  std::vector<std::unique_ptr<Column>> columns_;
  std::vector<const Column*> views_;
  uint32_t rows_ = 1;
};

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

/// The value of each row, or its error as `22012 division by zero`.
inline std::vector<std::string> values_of(const std::string& text, const TestBatch& batch) {
  auto program = compile_expression(text, batch.schema());
  if (!program) return {"refused: " + program.error().summary()};
  Scratch scratch;
  RowErrors errors;
  errors.start(batch.rows());
  const Column& column =
      evaluate(*program, batch.inputs(), Selection::all(batch.rows()), scratch, errors);
  std::vector<std::string> values;
  for (uint32_t row = 0; row < batch.rows(); ++row) {
    values.push_back(errors.failed(row) ? error_text(errors, row) : cell_text(column, row));
  }
  return values;
}

/// The value of an expression without fields. It is computed twice: folded, and per row, where
/// `type` and all leading constants come out of columns is left to other tests.
inline std::string value_of(const std::string& text) { return values_of(text, TestBatch())[0]; }

}  // namespace millrace
