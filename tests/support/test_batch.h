#pragma once

/// Columns from readable cells, for tests.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columns/column.h"
#include "columns/schema.h"

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
  const std::vector<const Column*>& columns() const { return views_; }

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

}  // namespace millrace
