#include "aggregates/aggregate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "columns/interval.h"
#include "support/cell_text.h"
#include "support/test_batch.h"

namespace millrace {
namespace {

const AggregateFunction& find(std::string_view name, std::optional<Type> type, bool any = false) {
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name == name && function.argument == type && function.any_argument == any) {
      return function;
    }
  }
  ADD_FAILURE() << name;
  return aggregate_functions()[0];
}

/// One state in a slot as the window operator would hold it.
class State {
 public:
  explicit State(const AggregateFunction& function)
      : kernel_(function.kernel), type_(function.result) {
    EXPECT_LE(kernel_.state_bytes, sizeof(slot_));
    kernel_.init(slot_);
  }
  ~State() { kernel_.destroy(slot_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void fold(const Column* argument, Selection rows) {
    std::vector<std::byte*> states(rows.count, slot_);
    kernel_.update(states.data(), argument, rows);
  }
  void merge(const State& from) { kernel_.merge(slot_, from.slot_); }
  std::string bytes() const {
    std::string out;
    kernel_.encode(slot_, out);
    return out;
  }
  bool read(std::string_view& in) { return kernel_.decode(slot_, in); }
  std::string result() const {
    Column out;
    out.reset(type_, 0);
    RowErrors errors;
    errors.start(1);
    kernel_.emit(slot_, out, errors);
    EXPECT_EQ(out.size(), 1u);
    return errors.empty() ? cell_text(out, 0) : error_text(errors, 0);
  }

 private:
  const AggregateKernel& kernel_;
  Type type_;
  alignas(16) std::byte slot_[256];
};

std::string aggregate(const AggregateFunction& function, const TestBatch& batch) {
  State state(function);
  state.fold(batch.columns()[0], Selection::all(batch.rows()));
  return state.result();
}

TEST(Aggregate, SkipsNullsAndIsNullOfNothing) {
  TestBatch ints;
  ints.ints("n", {3, std::nullopt, -5, 10});
  EXPECT_EQ(aggregate(find("count", std::nullopt), ints), "4");
  EXPECT_EQ(aggregate(find("count", std::nullopt, true), ints), "3");
  EXPECT_EQ(aggregate(find("sum", Type::kInt8), ints), "8");
  EXPECT_EQ(aggregate(find("avg", Type::kInt8), ints), "2.6666666666666665");
  EXPECT_EQ(aggregate(find("min", Type::kInt8), ints), "-5");
  EXPECT_EQ(aggregate(find("max", Type::kInt8), ints), "10");
  TestBatch nothing;
  nothing.ints("n", {std::nullopt});
  EXPECT_EQ(aggregate(find("count", std::nullopt, true), nothing), "0");
  for (const char* name : {"sum", "avg", "min", "max"}) {
    EXPECT_EQ(aggregate(find(name, Type::kInt8), nothing), "NULL") << name;
  }
}

TEST(Aggregate, ArrayAggKeepsOrderAndNulls) {
  TestBatch texts;
  texts.texts("t", {"b", std::nullopt, "a b", "b"});
  EXPECT_EQ(aggregate(find("array_agg", Type::kText), texts), "{b,NULL,\"a b\",b}");
  EXPECT_EQ(aggregate(*distinct_array(Type::kText), texts), "{\"a b\",b,NULL}");
  EXPECT_EQ(distinct_array(Type::kJsonb), nullptr);
  State none(find("array_agg", Type::kInt8));
  EXPECT_EQ(none.result(), "NULL");
}

/// The states of array_agg and of sums of intervals: version 1.
TEST(Aggregate, NewStatesAreStored) {
  TestBatch ints;
  ints.ints("n", {7, std::nullopt});
  for (const AggregateFunction* function :
       {&find("array_agg", Type::kInt8), distinct_array(Type::kInt8)}) {
    State state(*function), read(*function), both(*function);
    state.fold(ints.columns()[0], Selection::all(2));
    const std::string bytes = state.bytes();
    std::string_view in = bytes;
    ASSERT_TRUE(read.read(in));
    EXPECT_TRUE(in.empty());
    EXPECT_EQ(read.result(), "{7,NULL}");
    both.merge(read);
    EXPECT_EQ(both.bytes(), bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      State broken(*function);
      std::string_view cut(bytes.data(), size);
      EXPECT_FALSE(broken.read(cut)) << size;
    }
  }
  State state(find("array_agg", Type::kInt8));
  state.fold(ints.columns()[0], Selection::all(2));
  const std::string expected(
      "\2\0\0\0"
      "\12\0\0\0\0\0\0\0"
      "\0\7\0\0\0\0\0\0\0"
      "\1",
      22);
  EXPECT_EQ(state.bytes(), expected);
}

TEST(Aggregate, IntervalsAreJudgedOnceAtTheEnd) {
  const auto sum = [](const std::vector<IntervalValue>& values, const char* name) {
    TestBatch batch;
    TestBatch::Texts cells;
    char bytes[sizeof(IntervalValue)];
    for (const IntervalValue& value : values)
      cells.emplace_back(std::string(store_interval(value, bytes)));
    batch.texts("v", cells, Type::kInterval);
    return aggregate(find(name, Type::kInterval), batch);
  };
  EXPECT_EQ(sum({{1'000'000, 1, 1}, {0, 0, 2}}, "sum"), "3 mons 1 day 00:00:01");
  EXPECT_EQ(sum({{0, 0, 1}, {0, 0, 2}}, "avg"), "1 mon 15 days");
  EXPECT_EQ(sum({{0, INT32_MAX, 0}, {0, 1, 0}}, "sum"), "22008 interval out of range");
  EXPECT_EQ(sum({{0, INT32_MAX, 0}, {0, 1, 0}, {0, -1, 0}}, "sum"), "2147483647 days");
}

TEST(Aggregate, SumIsJudgedOnceAtTheEnd) {
  TestBatch over;
  over.ints("n", {INT64_MAX, INT64_MAX});
  EXPECT_EQ(aggregate(find("sum", Type::kInt8), over), "22003 sum: bigint out of range");
  TestBatch back;
  back.ints("n", {INT64_MAX, INT64_MAX, -INT64_MAX});
  EXPECT_EQ(aggregate(find("sum", Type::kInt8), back), "9223372036854775807");
  EXPECT_EQ(aggregate(find("avg", Type::kInt8), over), "9.223372036854776e+18");
}

TEST(Aggregate, FloatsFollowPostgres) {
  TestBatch floats;
  floats.floats("f", {1e308, 1e308});
  EXPECT_EQ(aggregate(find("sum", Type::kFloat8), floats), "22003 value out of range: overflow");
  TestBatch infinite;
  infinite.floats("f", {1.0, HUGE_VAL});
  EXPECT_EQ(aggregate(find("sum", Type::kFloat8), infinite), "Infinity");
  TestBatch nan;
  nan.floats("f", {1.0, NAN, -3.0});
  EXPECT_EQ(aggregate(find("max", Type::kFloat8), nan), "NaN");
  EXPECT_EQ(aggregate(find("min", Type::kFloat8), nan), "-3");
}

TEST(Aggregate, TextsOwnTheirBytes) {
  State state(find("max", Type::kText));
  {
    TestBatch texts;
    texts.texts("t", {"b", std::string(100, 'z'), "a", std::nullopt});
    state.fold(texts.columns()[0], Selection::all(4));
  }
  EXPECT_EQ(state.result(), std::string(100, 'z'));
}

TEST(Aggregate, ConstantArgumentsAndSelections) {
  State state(find("sum", Type::kInt8));
  Column one;
  one.reset(Type::kInt8, 1);
  one.ints[0] = 2;
  one.constant = true;
  const uint32_t rows[] = {3, 8, 9};
  state.fold(&one, {rows, 3});
  EXPECT_EQ(state.result(), "6");
  TestBatch batch;
  batch.ints("n", {1, 10, 100, 1000});
  const uint32_t some[] = {1, 3};
  state.fold(batch.columns()[0], {some, 2});
  EXPECT_EQ(state.result(), "1016");
}

TEST(Aggregate, AnySplitMergedAndStoredGivesTheSame) {
  TestBatch ints, floats, texts, bools, decimals, spans;
  const std::string day("\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16), none(16, '\0');
  bools.bools("x", {1, 0, std::nullopt, 1, 1, 0});
  decimals.texts("x", {"1.50", "-2", std::nullopt, "0.001", "99999999999999999999", "1.5"},
                 Type::kNumeric);
  spans.texts("x", {day, none, std::nullopt, day, day, none}, Type::kInterval);
  ints.ints("x", {5, std::nullopt, INT64_MAX, -7, 0, 3});
  floats.floats("x", {0.5, 2.25, std::nullopt, -8, 1e10, 3});
  texts.texts("x", {"b", "", std::nullopt, "zz", "a", "zz"});
  for (const AggregateFunction& function : aggregate_functions()) {
    const Type type = function.argument.value_or(Type::kInt8);
    if (function.stamped) continue;  // fold_test.cc: its argument is packed with a time.
    const TestBatch& batch = type == Type::kText       ? texts
                             : type == Type::kFloat8   ? floats
                             : type == Type::kBool     ? bools
                             : type == Type::kNumeric  ? decimals
                             : type == Type::kInterval ? spans
                                                       : ints;
    const Column* column = batch.columns()[0];
    const std::string whole = aggregate(function, batch);
    for (uint32_t cut = 0; cut <= 6; ++cut) {
      std::vector<uint32_t> first, second;
      for (uint32_t row = 0; row < 6; ++row) (row < cut ? first : second).push_back(row);
      State left(function), right(function), stored(function);
      left.fold(column, {first.data(), static_cast<uint32_t>(first.size())});
      right.fold(column, {second.data(), static_cast<uint32_t>(second.size())});
      const std::string bytes = left.bytes() + "rest";
      std::string_view in = bytes;
      ASSERT_TRUE(stored.read(in)) << function.name;
      EXPECT_EQ(in, "rest");
      EXPECT_EQ(stored.bytes(), left.bytes());
      stored.merge(right);
      // The spread of float8 is merged by another formula than it is folded by: its last digits may
      // differ.
      const bool spread = function.result == Type::kFloat8 &&
                          (function.name.starts_with("std") || function.name.starts_with("var"));
      if (spread && whole != "NULL") {
        const double wanted = std::stod(whole);
        EXPECT_NEAR(std::stod(stored.result()), wanted, 1e-12 * wanted)
            << function.name << " cut " << cut;
      } else {
        EXPECT_EQ(stored.result(), whole) << function.name << " cut " << cut;
      }
    }
    State probe(function);
    probe.fold(column, Selection::all(6));
    const std::string full = probe.bytes();
    for (size_t size = 0; size < full.size(); ++size) {
      State broken(function);
      std::string_view in(full.data(), size);
      EXPECT_FALSE(broken.read(in)) << function.name << " " << size;
    }
  }
}

}  // namespace
}  // namespace millrace
