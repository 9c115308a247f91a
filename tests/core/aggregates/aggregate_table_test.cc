// Aggregates over rows that are replaced and deleted (semantics R30).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "aggregates/aggregate.h"
#include "support/cell_text.h"

namespace millrace {
namespace {

const AggregateKernel& table_kernel(const AggregateFunction& function) {
  return function.over_table ? *function.over_table : function.kernel;
}

const AggregateFunction& find(std::string_view name, Type type) {
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name == name && function.argument == type) return function;
  }
  ADD_FAILURE() << name;
  return aggregate_functions()[0];
}

class State {
 public:
  explicit State(const AggregateFunction& function)
      : kernel_(table_kernel(function)), type_(function.result) {
    kernel_.init(slot());
  }
  ~State() { kernel_.destroy(slot()); }
  State(const State&) = delete;

  void add(const Column& column, uint32_t row) { step(kernel_.update, column, row); }
  void retract(const Column& column, uint32_t row) { step(kernel_.retract, column, row); }
  std::string result() {
    Column out;
    out.reset(type_, 0);
    RowErrors errors;
    errors.start(1);
    kernel_.emit(slot(), out, errors);
    return errors.empty() ? cell_text(out, 0) : error_text(errors, 0);
  }

 private:
  std::byte* slot() { return reinterpret_cast<std::byte*>(room_); }
  template <class Step>
  void step(Step step, const Column& column, uint32_t row) {
    std::byte* state = slot();
    step(&state, &column, {&row, 1});
  }
  const AggregateKernel& kernel_;
  Type type_;
  alignas(16) char room_[512];
};

Column floats(const std::vector<double>& values) {
  Column column;
  column.reset(Type::kFloat8, values.size());
  for (size_t i = 0; i < values.size(); ++i) column.floats[i] = values[i];
  return column;
}

std::string sum_of(const std::vector<double>& values, std::string_view name = "sum") {
  const Column column = floats(values);
  State state(find(name, Type::kFloat8));
  for (uint32_t i = 0; i < values.size(); ++i) state.add(column, i);
  return state.result();
}

TEST(TableAggregate, R30_FloatSumsAreExactAndRoundedOnce) {
  EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)), "1") << "left to right it is 0.9999999999999999";
  EXPECT_EQ(sum_of({1e16, 1, -1e16}), "1");
  EXPECT_EQ(sum_of({1e308, 1e308, -1e308}), "1e+308") << "no sum on the way overflows";
  EXPECT_EQ(sum_of({5e-324, 5e-324}), "1e-323");
  EXPECT_EQ(sum_of({-5e-324, 1.5, -1.5}), "-5e-324");
  // Ties go to the even mantissa; a bit further down decides otherwise.
  EXPECT_EQ(sum_of({9007199254740992, 1}), "9.007199254740992e+15");
  EXPECT_EQ(sum_of({9007199254740992, 1, 5e-324}), "9.007199254740994e+15");
  EXPECT_EQ(sum_of({9007199254740994, 1}), "9.007199254740996e+15");
  EXPECT_EQ(sum_of({-0.0, -0.0}), "-0");
  EXPECT_EQ(sum_of({-0.0, 0.0}), "0");
  EXPECT_EQ(sum_of({3, 4, 5}, "avg"), "4");
  EXPECT_EQ(sum_of({}), "NULL");
}

TEST(TableAggregate, R47_ASumThatDoesNotFitIsAnErrorAndInfinityIsNone) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_NE(sum_of({1e308, 1e308}).find("22003"), std::string::npos) << sum_of({1e308, 1e308});
  EXPECT_EQ(sum_of({1, infinity}), "Infinity");
  EXPECT_EQ(sum_of({1, -infinity}), "-Infinity");
  EXPECT_EQ(sum_of({infinity, -infinity}), "NaN");
  EXPECT_EQ(sum_of({1, std::nan("")}), "NaN");
}

TEST(TableAggregate, R30_WhatIsTakenBackLeavesNoTrace) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Column column = floats({0.1, 0.2, infinity, std::nan(""), -0.0, 1e300, -1e-300, 0.0});
  for (const char* name : {"sum", "avg", "min", "max"}) {
    for (uint32_t kept = 0; kept < 8; ++kept) {
      State state(find(name, Type::kFloat8)), alone(find(name, Type::kFloat8));
      for (uint32_t i = 0; i < 8; ++i) state.add(column, i);
      for (uint32_t i = 0; i < 8; ++i) {
        if (i != kept) state.retract(column, i);
      }
      alone.add(column, kept);
      EXPECT_EQ(state.result(), alone.result()) << name << " of " << kept;
      state.retract(column, kept);
      EXPECT_EQ(state.result(), State(find(name, Type::kFloat8)).result()) << name;
    }
  }
}

/// Random values in and out; at the end the state must be that of the values that are left.
template <class Fill>
void churn(Type type, Fill fill, uint32_t seed) {
  constexpr uint32_t kRows = 60;
  std::mt19937 random(seed);
  Column column;
  column.reset(type, kRows);
  for (uint32_t i = 0; i < kRows; ++i) {
    fill(column, i, random);
    if (random() % 8 == 0) column.set_cell(i, kNull, kRows);
  }
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.argument != type && !function.any_argument) continue;
    if (!table_kernel(function).retract) continue;
    State state(function), fresh(function);
    std::vector<int> times(kRows);
    for (int step = 0; step < 400; ++step) {
      const uint32_t row = random() % kRows;
      if (times[row] > 0 && random() % 2) {
        state.retract(column, row);
        --times[row];
      } else {
        state.add(column, row);
        ++times[row];
      }
    }
    for (uint32_t row = kRows; row-- > 0;) {
      for (int i = 0; i < times[row]; ++i) fresh.add(column, row);
    }
    EXPECT_EQ(state.result(), fresh.result()) << function.name << " seed " << seed;
  }
}

TEST(TableAggregate, R30_HistoryAndOrderDoNotShow) {
  static const std::string kTexts[] = {"", "a", "b", "aa", "é"};
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    churn(
        Type::kInt8,
        [](Column& c, uint32_t i, auto& random) {
          c.ints[i] = static_cast<int64_t>(random() % 20) - 10;
        },
        seed);
    churn(
        Type::kFloat8,
        [](Column& c, uint32_t i, auto& random) {
          c.floats[i] = std::ldexp(static_cast<double>(random() % 2000) - 1000,
                                   static_cast<int>(random() % 300) - 150);
        },
        seed);
    churn(
        Type::kText, [](Column& c, uint32_t i, auto& random) { c.texts[i] = kTexts[random() % 5]; },
        seed);
  }
}

/// Those over numeric and interval fold the members that are left again, as all others do.
TEST(TableAggregate, EveryAggregateOfThePageCanBeTakenBack) {
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.argument == Type::kNumeric || function.argument == Type::kInterval) continue;
    for (const char* name : {"count", "sum", "avg", "min", "max"}) {
      if (function.name != name) continue;
      EXPECT_NE(table_kernel(function).retract, nullptr) << name;
    }
  }
}

}  // namespace
}  // namespace millrace
