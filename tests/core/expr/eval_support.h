#pragma once

/// Expressions over readable cells, for the tests of this folder.

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "expr/compile.h"
#include "support/cell_text.h"
#include "support/test_batch.h"

namespace millrace {

inline Inputs inputs_of(const TestBatch& batch) { return {batch.columns(), batch.rows()}; }

/// The value of each row, or its error as `22012 division by zero`.
inline std::vector<std::string> values_of(const std::string& text, const TestBatch& batch) {
  auto program = compile_expression(text, batch.schema());
  if (!program) return {"refused: " + program.error().summary()};
  Scratch scratch;
  RowErrors errors;
  errors.start(batch.rows());
  const Column& column =
      evaluate(*program, inputs_of(batch), Selection::all(batch.rows()), scratch, errors);
  std::vector<std::string> values;
  for (uint32_t row = 0; row < batch.rows(); ++row) {
    values.push_back(errors.failed(row) ? error_text(errors, row) : cell_text(column, row));
  }
  return values;
}

/// The value of an expression without fields. It is computed twice: folded, and per row, where
/// `type` and all leading constants come out of columns is left to other tests.
inline std::string value_of(const std::string& text) { return values_of(text, TestBatch())[0]; }

/// An expression without fields, and its value.
struct Case {
  const char* text;
  const char* value;
};
inline void expect_all(std::initializer_list<Case> cases) {
  for (const Case& one : cases) EXPECT_EQ(value_of(one.text), one.value) << one.text;
}

}  // namespace millrace
