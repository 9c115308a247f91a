#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "eval_support.h"

namespace millrace {
namespace {

TEST(Evaluate, MismatchFailsOnlyTheRowsThatReadIt) {
  TestBatch batch;
  batch.bools("b", {1, 0, 1}).ints("n", {5, 6, 7});
  batch.mismatch(0).mismatch(1);
  using Values = std::vector<std::string>;
  EXPECT_EQ(values_of("n", batch),
            (Values{"MR001 the value of field \"n\" is not of type int8",
                    "MR001 the value of field \"n\" is not of type int8", "7"}));
  EXPECT_EQ(values_of("b and n > 1", batch),
            (Values{"MR001 the value of field \"n\" is not of type int8", "false", "true"}));
  EXPECT_EQ(values_of("n is null", batch)[0].substr(0, 5), "MR001");
}

TEST(Evaluate, FirstErrorOfARowStays) {
  TestBatch batch;
  batch.ints("n", {0, 1}).texts("t", {"x", "4"});
  using Values = std::vector<std::string>;
  EXPECT_EQ(values_of("1 / n + t::int8", batch), (Values{"22012 division by zero", "5"}));
  EXPECT_EQ(values_of("t::int8 + 1 / n", batch),
            (Values{"22P02 invalid input syntax for type bigint: \"x\"", "5"}));
}

/// `flag` is one node with several parents: what one of them chose stays while the next one
/// chooses.
TEST(Evaluate, AConditionInsideAnotherLeavesTheRowsOfTheFirst) {
  TestBatch batch;
  batch.bools("flag", {1, 0, std::nullopt, 0, 1}).ints("n", {1, 2, 3, 4, 5});
  batch.ints("m", {10, 20, 30, 40, 50});
  using Values = std::vector<std::string>;
  EXPECT_EQ(
      values_of("case when not flag then case when flag then -1 else n end else m end", batch),
      (Values{"10", "2", "30", "4", "50"}));
  EXPECT_EQ(
      values_of("case when flag then case when not flag then -1 else n end else m end", batch),
      (Values{"1", "20", "30", "40", "5"}));
  EXPECT_EQ(
      values_of("case when flag or n = 2 then case when not flag then n else -n end end", batch),
      (Values{"-1", "2", "NULL", "NULL", "-5"}));
}

TEST(Evaluate, ErrorsNameTheirPlace) {
  TestBatch batch;
  batch.ints("n", {0});
  auto program = compile_expression("1 + 10 / n", batch.schema());
  ASSERT_TRUE(program);
  Scratch scratch;
  RowErrors errors;
  errors.start(1);
  evaluate(*program, inputs_of(batch), Selection::all(1), scratch, errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors.list()[0].place, 7u);
  EXPECT_EQ(errors.list()[0].program, &*program);
}

std::vector<uint32_t> filtered(const std::string& text, const TestBatch& batch, Selection rows,
                               RowErrors& errors) {
  auto program = compile_filter(text, batch.schema());
  EXPECT_TRUE(program) << text << program.error().caret();
  Scratch scratch;
  errors.start(batch.rows());
  const Selection kept = filter(*program, inputs_of(batch), rows, scratch, errors);
  std::vector<uint32_t> list;
  for (uint32_t i = 0; i < kept.count; ++i) list.push_back(kept[i]);
  return list;
}

TEST(Filter, DropsFalseNullAndFailedRows) {
  TestBatch batch;
  batch.ints("n", {0, 1, 2, std::nullopt, 4});
  using Rows = std::vector<uint32_t>;
  RowErrors errors;
  const Selection all = Selection::all(5);
  EXPECT_EQ(filtered("n > 1", batch, all, errors), (Rows{2, 4}));
  EXPECT_EQ(filtered("not n > 1", batch, all, errors), (Rows{0, 1}));
  EXPECT_EQ(filtered("n > 1 or n is null", batch, all, errors), (Rows{2, 3, 4}));
  EXPECT_EQ(filtered("not (n > 1 or n = 0)", batch, all, errors), (Rows{1}));
  EXPECT_EQ(filtered("not (n > 1 and n < 4)", batch, all, errors), (Rows{0, 1, 4}));
  EXPECT_EQ(filtered("true", batch, all, errors), (Rows{0, 1, 2, 3, 4}));
  EXPECT_EQ(filtered("null", batch, all, errors), (Rows{}));
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(filtered("8 / n >= 2", batch, all, errors), (Rows{1, 2, 4}));
  EXPECT_TRUE(errors.failed(0));
  EXPECT_EQ(filtered("n = 4 or 8 / n >= 4 or n is null", batch, all, errors), (Rows{1, 2, 3, 4}));
  EXPECT_EQ(errors.size(), 1u);
  EXPECT_EQ(filtered("n <> 0 and 8 / n >= 4", batch, all, errors), (Rows{1, 2}));
  EXPECT_TRUE(errors.empty());
  const uint32_t some[] = {1, 3, 4};
  EXPECT_EQ(filtered("n > 0", batch, {some, 3}, errors), (Rows{1, 4}));
  EXPECT_EQ(filtered("n > 0", batch, {some, 0}, errors), (Rows{}));
}

/// Random rows of all types, a third of them NULL.
TestBatch random_batch(uint32_t rows, std::mt19937& random) {
  TestBatch::Ints a, b, flag, time;
  TestBatch::Floats f;
  TestBatch::Texts t, u;
  const std::vector<std::string> words = {"", "a", "edit", "12", "é", "true", "x%", "Edit"};
  const std::vector<double> reals = {0, -0.0, 1.5, -2, 1e308, NAN, INFINITY, 1e-300};
  for (uint32_t i = 0; i < rows; ++i) {
    const auto null = [&] { return random() % 3 == 0; };
    a.push_back(null() ? std::nullopt
                       : std::optional<int64_t>(static_cast<int64_t>(random() % 7) - 3));
    b.push_back(null() ? std::nullopt
                       : std::optional<int64_t>(random() % 9 == 0 ? INT64_MAX : random() % 5));
    flag.push_back(null() ? std::nullopt : std::optional<int64_t>(random() % 2));
    time.push_back(null() ? std::nullopt : std::optional<int64_t>(int64_t(random()) * 1000000));
    f.push_back(null() ? std::nullopt : std::optional<double>(reals[random() % reals.size()]));
    t.push_back(null() ? std::nullopt : std::optional<std::string>(words[random() % words.size()]));
    u.push_back(null() ? std::nullopt : std::optional<std::string>(words[random() % words.size()]));
  }
  TestBatch batch;
  batch.ints("a", a).ints("b", b).bools("flag", flag).ints("time", time, Type::kTimestamptz);
  batch.floats("f", f).texts("t", t).texts("u", u);
  return batch;
}

const char* const kExpressions[] = {
    "a + b * 2",
    "a / b",
    "b % a",
    "f * f / a",
    "a between -1 and b",
    "a not between symmetric b and 2",
    "a between symmetric t::int8 and b / a",
    "flag and a > 0 or not flag and b in (1, 2, 3)",
    "a in (b, 1, null) or t = u",
    "case when flag then a when b = 2 then 10 / a else b end",
    "case t when u then 'same' when 'edit' then upper(u) else t || '-' || a end",
    "case when not flag then case when flag then a else b end else a + b end",
    ("case when a > 0 then case when not a > 0 then b when flag then a end when not flag then case "
     "when flag then a when a > 0 then b else 7 end else case when a > 0 then 1 else 10 / a end "
     "end"),
    "case when flag or a > 0 then case when a > 0 or flag then b else a end else b / a end",
    "flag and (not flag or case when flag then a > 0 else a < 0 end)",
    "coalesce(case when t = u then a end, case when not t = u then case when t = u then b end end)",
    "coalesce(nullif(t, 'a'), u, a::text)",
    "t::int8 + a",
    "t like u || '%'",
    "t ilike 'e%t' and length(u) > 1",
    "greatest(a, b, a * 2)",
    "least(f, a, b)",
    "f is distinct from a",
    "date_trunc('hour', time) < time",
    "extract(hour from time) + a",
    "a::text || ':' || f::text || ':' || flag::text || ':' || time::text",
    "(f > 1) is not true",
    "not (flag and (a > 1 or t is null))",
    "t in ('a', 'edit', 'x', 'y', 'z', 'p', 'q', 'r', 's', '12')",
    "power(f, 2) > 1 or sqrt(f) < 1",
    "5",
    "a",
};

/// One row at a time is the plainest evaluation; every other cut must agree with it.
TEST(Evaluate, BatchesAndSelectionsDoNotChangeResults) {
  constexpr uint32_t kRows = 1024;
  std::mt19937 random(7);
  const TestBatch batch = random_batch(kRows, random);
  for (const char* text : kExpressions) {
    auto program = compile_expression(text, batch.schema());
    ASSERT_TRUE(program) << text << "\n" << program.error().caret();
    Scratch scratch;
    RowErrors errors;
    const auto run = [&](Selection rows, std::vector<std::string>& values) {
      errors.start(kRows);
      const Column& column = evaluate(*program, inputs_of(batch), rows, scratch, errors);
      for (uint32_t i = 0; i < rows.count; ++i) {
        const uint32_t row = rows[i];
        values[row] = errors.failed(row) ? error_text(errors, row) : cell_text(column, row);
      }
    };
    std::vector<std::string> expected(kRows), all(kRows);
    for (uint32_t row = 0; row < kRows; ++row) run({&row, 1}, expected);
    run(Selection::all(kRows), all);
    EXPECT_EQ(all, expected) << text;
    for (const uint32_t size : {7u, 100u}) {
      std::vector<std::string> cut(kRows);
      for (uint32_t from = 0; from < kRows; from += size) {
        std::vector<uint32_t> rows;
        for (uint32_t row = from; row < std::min(from + size, kRows); ++row) rows.push_back(row);
        run({rows.data(), static_cast<uint32_t>(rows.size())}, cut);
      }
      EXPECT_EQ(cut, expected) << text;
    }
    std::vector<std::string> mixed(kRows);
    std::vector<uint32_t> left, right;
    for (uint32_t row = 0; row < kRows; ++row) (random() % 3 ? left : right).push_back(row);
    run({left.data(), static_cast<uint32_t>(left.size())}, mixed);
    run({right.data(), static_cast<uint32_t>(right.size())}, mixed);
    EXPECT_EQ(mixed, expected) << text;
  }
}

/// A filter keeps exactly the rows whose value is true, and fails where evaluation fails, except
/// where a NULL in an AND already decided the row.
TEST(Filter, AgreesWithTheValue) {
  constexpr uint32_t kRows = 500;
  std::mt19937 random(11);
  const TestBatch batch = random_batch(kRows, random);
  for (const char* text : kExpressions) {
    auto program = compile_expression(text, batch.schema());
    ASSERT_TRUE(program);
    if (program->type() != Type::kBool) continue;
    Scratch scratch, other;
    RowErrors value_errors, filter_errors;
    value_errors.start(kRows);
    filter_errors.start(kRows);
    const Selection all = Selection::all(kRows);
    const Column& column = evaluate(*program, inputs_of(batch), all, scratch, value_errors);
    const Selection kept = filter(*program, inputs_of(batch), all, other, filter_errors);
    std::vector<bool> in(kRows);
    for (uint32_t i = 0; i < kept.count; ++i) in[kept[i]] = true;
    for (uint32_t row = 0; row < kRows; ++row) {
      const bool is_true = !value_errors.failed(row) && cell_text(column, row) == "true";
      EXPECT_EQ(in[row], is_true) << text << " row " << row;
      if (filter_errors.failed(row)) {
        EXPECT_TRUE(value_errors.failed(row)) << text;
      }
    }
  }
}

}  // namespace
}  // namespace millrace
