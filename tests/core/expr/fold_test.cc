// Aggregates of grouped selects over rows: values that PostgreSQL 15 gave, and sketches within
// their stated error. tests/expressions compares many more with a PostgreSQL.

#include <gtest/gtest.h>

#include <cmath>

#include "eval_support.h"

namespace millrace {
namespace {

/// All states of one group, in one slot each.
class Group {
 public:
  Group(const GroupedSelect& select, const Inputs& inputs) : select_(select), inputs_(inputs) {
    for (const GroupedSelect::Call& call : select.calls) {
      slots_.emplace_back(call.function->kernel.state_bytes / 16 + 1);
      call.function->kernel.init(at(slots_.size() - 1));
    }
  }
  ~Group() {
    for (size_t i = 0; i < slots_.size(); ++i) select_.calls[i].function->kernel.destroy(at(i));
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void fold(Selection rows) {
    for (size_t i = 0; i < slots_.size(); ++i) {
      const GroupedSelect::Call& call = select_.calls[i];
      RowErrors errors;
      errors.start(inputs_.rows);
      Scratch scratch;
      const Column* argument = nullptr;
      if (call.argument)
        argument = &evaluate(select_.arguments[*call.argument], inputs_, rows, scratch, errors);
      const std::vector<std::byte*> states(rows.count, at(i));
      call.function->kernel.update(states.data(), argument, rows);
    }
  }
  void merge(const Group& from) {
    for (size_t i = 0; i < slots_.size(); ++i)
      select_.calls[i].function->kernel.merge(at(i), from.at(i));
  }
  std::string bytes() const {
    std::string out;
    for (size_t i = 0; i < slots_.size(); ++i) select_.calls[i].function->kernel.encode(at(i), out);
    return out;
  }
  std::string answer() const {
    std::vector<Column> columns(select_.derived.size());
    std::vector<const Column*> views;
    RowErrors errors;
    errors.start(1);
    for (size_t i = 0; i < slots_.size(); ++i) {
      columns[i].reset(select_.calls[i].function->result, 0);
      select_.calls[i].function->kernel.emit(at(i), columns[i], errors);
    }
    for (const Column& column : columns) views.push_back(&column);
    Scratch scratch;
    const Column& value =
        evaluate(select_.outputs[0], {views, 1}, Selection::all(1), scratch, errors);
    return errors.empty() ? cell_text(value, 0) : error_text(errors, 0);
  }

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  std::byte* at(size_t i) const { return const_cast<std::byte*>(slots_[i][0].bytes); }
  const GroupedSelect& select_;
  const Inputs inputs_;
  std::vector<std::vector<Block>> slots_;
};

Compiled<GroupedSelect> compiled(const std::string& text, const TestBatch& batch) {
  GroupedText grouped;
  grouped.select = {{"x", text}};
  return compile_grouped(grouped, batch.schema());
}

std::string folded(const std::string& text, const TestBatch& batch) {
  auto select = compiled(text, batch);
  if (!select) return "refused: " + select.error().summary();
  Group group(*select, inputs_of(batch));
  group.fold(Selection::all(batch.rows()));
  return group.answer();
}

TestBatch rows() {
  TestBatch batch;
  batch.ints("n", {1, 2, 2, 4, std::nullopt})
      .floats("f", {1.5, -2.0, 0.5, 8.0, std::nullopt})
      .texts("t", {"b", "a", "b", std::nullopt, "c"})
      .texts("d", {"1.50", "1.5", "2.25", std::nullopt, "-1"}, Type::kNumeric)
      .bools("b", {1, 1, 0, std::nullopt, 1})
      .ints("event_time()", {50, 10, 10, 40, 50}, Type::kTimestamptz);
  return batch;
}

TEST(Fold, GivesPostgresAnswers) {
  const TestBatch batch = rows();
  EXPECT_EQ(folded("stddev(n)", batch), "1.2583057392117916");
  EXPECT_EQ(folded("var_pop(n)", batch), "1.1875000000000000");
  EXPECT_EQ(folded("variance(f)", batch), "18.166666666666668");
  EXPECT_EQ(folded("stddev(d)", batch), "1.4197270864500684");
  EXPECT_EQ(folded("sum(d)", batch), "4.25");
  EXPECT_EQ(folded("avg(d)", batch), "1.06250000000000000000");
  EXPECT_EQ(folded("max(d)", batch), "2.25");
  EXPECT_EQ(folded("bool_and(b)", batch), "false");
  EXPECT_EQ(folded("bool_or(b)", batch), "true");
  EXPECT_EQ(folded("string_agg(t, ', ')", batch), "b, a, b, c");
  EXPECT_EQ(folded("string_agg(distinct t, ',')", batch), "a,b,c");
  EXPECT_EQ(folded("count(distinct t)", batch), "3");
  EXPECT_EQ(folded("count(distinct d)", batch), "3");
  EXPECT_EQ(folded("sum(distinct n) + count(distinct n)", batch), "10");
  EXPECT_EQ(folded("mode() within group (order by n)", batch), "2");
  EXPECT_EQ(folded("percentile_cont(0.5) within group (order by f)", batch), "1");
  EXPECT_EQ(folded("percentile_disc(0.5) within group (order by f)", batch), "0.5");
  EXPECT_EQ(folded("percentile_cont(0.25) within group (order by n)", batch), "1.75");
  EXPECT_EQ(folded("percentile_cont(2) within group (order by n)", batch),
            "22003 a percentile is between 0 and 1");
  EXPECT_EQ(folded("jsonb_agg(n)", batch), "[1, 2, 2, 4, null]");
}

/// A NULL key is larger than all, unless it is told where to stand; equal keys keep the order of
/// the records.
TEST(Fold, OrderByInsideAnAggregate) {
  TestBatch batch;
  batch.ints("n", {3, 1, std::nullopt, 1, 2}).texts("t", {"a", "b", "c", "d", std::nullopt});
  batch.texts("d", {"1.50", "10", "2", "1.5", std::nullopt}, Type::kNumeric);
  batch.texts("j", {"{}", "[]", "1", "2", "null"}, Type::kJsonb);
  EXPECT_EQ(folded("string_agg(t, ',' order by n)", batch), "b,d,a,c");
  EXPECT_EQ(folded("string_agg(t, ',' order by n desc)", batch), "c,a,b,d");
  EXPECT_EQ(folded("string_agg(t, ',' order by n desc nulls last, t desc)", batch), "a,d,b,c");
  EXPECT_EQ(folded("string_agg(t, ',' order by n nulls first, t)", batch), "c,b,d,a");
  EXPECT_EQ(folded("array_agg(t order by d)", batch), "{a,d,c,b,NULL}");
  EXPECT_EQ(folded("array_agg(d order by -d, n)", batch), "{10,2,1.5,1.50,NULL}");
  EXPECT_EQ(folded("array_agg(n order by t desc)", batch), "{2,1,NULL,1,3}");
  EXPECT_EQ(folded("jsonb_agg(n order by n desc)", batch), "[null, 3, 2, 1, 1]");
  EXPECT_EQ(folded("jsonb_agg(j order by n, t)", batch), "[[], 2, null, {}, 1]");
  EXPECT_EQ(folded("array_agg(distinct n order by n desc)", batch), "{NULL,3,2,1}");
  EXPECT_EQ(folded("string_agg(distinct t, '' order by t desc)", batch), "dcba");
  EXPECT_EQ(folded("array_length(array_agg(distinct d order by d), 1)", batch), "4");
  EXPECT_EQ(folded("string_agg(nullif(t, t), ',' order by n)", batch), "NULL");
  EXPECT_EQ(folded("string_agg(n, ',' order by n)", batch), folded("string_agg(n, ',')", batch));
  EXPECT_EQ(folded("sum(n order by t)", batch),
            "refused: sum() has no ORDER BY: it does not depend on the order, or goes by the "
            "records'");
  EXPECT_EQ(folded("array_agg(n order by j)", batch),
            "refused: ORDER BY in an aggregate needs values that have an order, not jsonb; take a "
            "part of it with ->> and cast that");
  EXPECT_EQ(folded("array_agg(distinct n order by t)", batch),
            "refused: array_agg(distinct … order by …) can be ordered by its argument only");
}

/// Of equal values the last stays, as in PostgreSQL.
TEST(Fold, ExtremesKeepTheLastOfEqualValues) {
  TestBatch batch;
  batch.texts("d", {"1.0", "1.00", "0.5"}, Type::kNumeric).floats("f", {0.0, -0.0, 0.0});
  EXPECT_EQ(folded("max(d)", batch), "1.00");
  EXPECT_EQ(folded("min(nullif(d, 0.5))", batch), "1.00");
  EXPECT_EQ(folded("min(f)", batch), "0");
  EXPECT_EQ(folded("max(case when d = 1 then f end)", batch), "-0");
}

TEST(Fold, OfNothingIsNullOrZero) {
  TestBatch batch;
  batch.ints("n", {std::nullopt}).texts("t", {std::nullopt}).bools("b", {std::nullopt});
  for (const char* text :
       {"stddev(n)", "string_agg(t, ',')", "string_agg(distinct t, ',')", "bool_and(b)",
        "sum(distinct n)", "mode() within group (order by n)",
        "percentile_cont(0.5) within group (order by n)", "approx_percentile(n, 0.5)"}) {
    EXPECT_EQ(folded(text, batch), "NULL") << text;
  }
  EXPECT_EQ(folded("count(distinct n)", batch), "0");
  EXPECT_EQ(folded("approx_count_distinct(n)", batch), "0");
}

TEST(Fold, FirstAndLastGoByEventTimeThenPosition) {
  const TestBatch batch = rows();
  EXPECT_EQ(folded("first(t)", batch), "a");
  EXPECT_EQ(folded("last(t)", batch), "c");
  EXPECT_EQ(folded("last(n)", batch), "NULL");
  EXPECT_EQ(folded("first(d)", batch), "1.5");
}

TEST(Fold, RefusesWithAReason) {
  const TestBatch batch = rows();
  EXPECT_EQ(folded("string_agg(t, t)", batch),
            "refused: field \"t\" must appear in group_by or be used in an aggregate");
  EXPECT_EQ(folded("percentile_cont(0.5)", batch),
            "refused: percentile_cont() needs WITHIN GROUP (ORDER BY …)");
  EXPECT_EQ(folded("string_agg(t)", batch), "refused: string_agg() takes two arguments");
  EXPECT_EQ(
      folded("\"fold int8\"('', 'count', 'int8')", batch),
      "refused: function does not exist: fold int8(); another type may need a cast, as in x::text");
}

/// Any split into parts, merged in order, has the same bytes as one state.
TEST(Fold, AnySplitGivesTheSameState) {
  const TestBatch batch = rows();
  for (const char* text :
       {"stddev(n)", "stddev(d)", "sum(d)", "bool_and(b)", "string_agg(t, ',')",
        "count(distinct t)", "count(distinct d)", "mode() within group (order by n)", "first(t)",
        "last(t)", "approx_count_distinct(t)", "approx_percentile(f, 0.5)", "approx_top(t, 3)",
        "jsonb_agg(t)", "array_agg(t order by n desc)", "string_agg(distinct t, '' order by t)"}) {
    auto select = compiled(text, batch);
    ASSERT_TRUE(select) << text << ": " << select.error().summary();
    Group whole(*select, inputs_of(batch));
    whole.fold(Selection::all(batch.rows()));
    for (uint32_t cut = 0; cut <= batch.rows(); ++cut) {
      std::vector<uint32_t> places = {0, 1, 2, 3, 4};
      Group first(*select, inputs_of(batch)), second(*select, inputs_of(batch));
      first.fold({places.data(), cut});
      second.fold({places.data() + cut, batch.rows() - cut});
      first.merge(second);
      EXPECT_EQ(first.bytes(), whole.bytes()) << text << " cut at " << cut;
      EXPECT_EQ(first.answer(), whole.answer()) << text << " cut at " << cut;
    }
  }
}

TEST(Sketch, StayWithinTheirStatedError) {
  for (const int64_t different : {100, 256, 257, 1000, 50'000}) {
    TestBatch::Ints cells;
    for (int64_t i = 0; i < 2 * different; ++i) cells.emplace_back(i % different * 7919);
    TestBatch batch;
    batch.ints("n", cells);
    const double found = std::stod(folded("approx_count_distinct(n)", batch));
    const auto wanted = static_cast<double>(different);
    if (different <= 256) {
      EXPECT_EQ(found, wanted);
    }
    EXPECT_NEAR(found, wanted, 4 * 0.016 * wanted) << different;  // Four standard errors.
  }
  TestBatch::Floats values;
  for (int i = 1; i <= 10'000; ++i) values.emplace_back(i * 0.37);
  TestBatch batch;
  batch.floats("f", values);
  for (const double share : {0.0, 0.01, 0.5, 0.99, 1.0}) {
    const double exact = std::max(1.0, std::ceil(share * 10'000)) * 0.37;
    const double found =
        std::stod(folded("approx_percentile(f, " + std::to_string(share) + ")", batch));
    EXPECT_NEAR(found, exact, 0.01 * exact) << share;
  }
  TestBatch::Texts texts;
  for (int i = 0; i < 5000; ++i)
    texts.emplace_back(i % 2 == 0 ? "often" : i % 5 == 0 ? "some" : "rare" + std::to_string(i));
  TestBatch words;
  words.texts("t", texts);
  const std::string top = folded("approx_top(t, 2)", words);
  EXPECT_TRUE(top.starts_with("[{\"value\": \"often\", \"count\": 2")) << top;
  const int64_t count = std::stoll(top.substr(top.find("count") + 8));
  EXPECT_LE(count, 2500);
  EXPECT_GE(count, 2500 - 5000 / 256);
}

}  // namespace
}  // namespace millrace
