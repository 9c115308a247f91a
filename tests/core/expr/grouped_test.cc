#include <gtest/gtest.h>

#include "eval_support.h"
#include "expr/compile.h"

namespace millrace {
namespace {

Schema edits() {
  Schema schema;
  schema.add("wiki", Type::kText);
  schema.add("bytes", Type::kInt8);
  schema.add("bot", Type::kBool);
  schema.add("event_time()", Type::kTimestamptz);
  return schema;
}

GroupedText text(std::vector<NamedText> group_by, std::vector<NamedText> select,
                 std::string having = "") {
  GroupedText grouped;
  grouped.group_by = std::move(group_by);
  grouped.select = std::move(select);
  grouped.having = std::move(having);
  grouped.windowed = true;
  return grouped;
}

std::string names(const Schema& schema) {
  std::string out;
  for (const Field& field : schema.fields()) {
    out += field.name + ":" + std::string(type_name(field.type)) + " ";
  }
  return out;
}

std::string fault(const GroupedText& grouped) {
  auto compiled = compile_grouped(grouped, edits());
  if (compiled) return "accepted";
  const ExprError& error = compiled.error();
  return error.part + "/" + error.name + ":" + std::to_string(error.position) + ": " +
         error.summary();
}

TEST(Grouped, SplitsIntoThreeSteps) {
  auto compiled =
      compile_grouped(text({{"wiki", "wiki"}, {"hour", "date_trunc('hour', event_time())"}},
                           {{"edits", "count(*)"},
                            {"share", "sum(bytes) * 1.0 / count(*)"},
                            {"human", "count(*) filter (where not bot)"},
                            {"mean", "avg(bytes) + sum(bytes)"},
                            {"when", "date_trunc('hour', event_time())"},
                            {"label", "upper(wiki) || window_end"}},
                           "edits > 10 and sum(bytes) > 0 and max(bytes) < 5 and wiki <> 'x'"),
                      edits());
  ASSERT_TRUE(compiled) << compiled.error().caret();
  EXPECT_EQ(names(compiled->derived),
            "wiki:text hour:timestamptz #0:int8 #1:int8 #2:int8 #3:float8 #4:int8 "
            "window_start:timestamptz window_end:timestamptz ");
  EXPECT_EQ(compiled->window_start, 7u);
  EXPECT_EQ(compiled->groups.size(), 2u);
  EXPECT_EQ(compiled->calls.size(), 5u);
  EXPECT_EQ(compiled->arguments.size(), 1u) << "sum, avg and max share their argument";
  EXPECT_EQ(compiled->filters.size(), 1u);
  EXPECT_FALSE(compiled->calls[0].argument);
  EXPECT_TRUE(compiled->calls[2].filter);
  EXPECT_EQ(compiled->outputs.size(), 6u);
  uint32_t column = 0;
  EXPECT_TRUE(compiled->outputs[0].is_field(column));
  EXPECT_EQ(column, 2u);
  EXPECT_TRUE(compiled->outputs[4].is_field(column));
  EXPECT_EQ(column, 1u);
  EXPECT_EQ(compiled->outputs[5].fields(), (std::vector<uint32_t>{0, 8}));
  ASSERT_TRUE(compiled->having);
  EXPECT_EQ(compiled->having->fields(), (std::vector<uint32_t>{0, 2, 3, 4 + 2}));
}

TEST(Grouped, OutputsComputeOverDerivedColumns) {
  auto compiled =
      compile_grouped(text({{"wiki", "wiki"}}, {{"x", "sum(bytes) / count(*)"}}), edits());
  ASSERT_TRUE(compiled) << compiled.error().caret();
  TestBatch derived;
  derived.texts("wiki", {"a", "b"}).ints("#0", {10, 7}).ints("#1", {5, 0});
  RowErrors errors;
  errors.start(2);
  Scratch scratch;
  const Column& x =
      evaluate(compiled->outputs[0], inputs_of(derived), Selection::all(2), scratch, errors);
  EXPECT_EQ(cell_text(x, 0), "2");
  EXPECT_EQ(error_text(errors, 1), "22012 division by zero");
}

TEST(Grouped, DifferentIntegersAreDifferentArguments) {
  // libpg_query writes -1 and -2 alike; only the text tells them apart.
  auto compiled =
      compile_grouped(text({}, {{"a", "sum(bytes + -1)"}, {"b", "sum(bytes + -2)"}}), edits());
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->calls.size(), 2u);
}

TEST(Grouped, GroupNameWinsOutsideOfAggregates) {
  auto compiled = compile_grouped(
      text({{"wiki", "lower(wiki)"}}, {{"a", "wiki"}, {"b", "max(wiki)"}}), edits());
  ASSERT_TRUE(compiled) << compiled.error().caret();
  uint32_t column = 9;
  EXPECT_TRUE(compiled->outputs[0].is_field(column));
  EXPECT_EQ(column, 0u);
  EXPECT_TRUE(compiled->arguments[0].is_field(column));
}

TEST(Grouped, RefusesAsPostgresDoes) {
  EXPECT_EQ(fault(text({{"wiki", "wiki"}}, {{"x", "1 + bytes"}})),
            "select/x:4: field \"bytes\" must appear in group_by or be used in an aggregate");
  EXPECT_EQ(fault(text({}, {{"x", "sum(count(*))"}})),
            "select/x:4: count(): aggregates are not possible in sum()");
  EXPECT_EQ(fault(text({{"g", "sum(bytes)"}}, {{"x", "count(*)"}})),
            "group_by/g:0: sum(): aggregates are not possible in group_by");
  EXPECT_EQ(fault(text({}, {{"x", "sum(wiki)"}})),
            "select/x:0: aggregate does not exist: sum(text)");
  EXPECT_EQ(fault(text({{"wiki", "wiki"}}, {{"x", "summ(bytes)"}})),
            "select/x:0: unknown function \"summ\"; did you mean \"sum\"?");
  EXPECT_EQ(fault(text({}, {{"x", "sum(*)"}})), "select/x:0: aggregate does not exist: sum(*)");
  EXPECT_EQ(fault(text({}, {{"x", "sum()"}})), "select/x:0: sum() takes one argument");
  EXPECT_EQ(fault(text({}, {{"x", "first(distinct wiki)"}})),
            "select/x:0: first(distinct …) is not supported for this argument");
  EXPECT_EQ(fault(text({}, {{"x", "string_agg(wiki, ',' order by bites)"}})),
            "select/x:30: unknown field \"bites\"; did you mean \"bytes\"?");
  EXPECT_EQ(fault(text({}, {{"x", "array_agg(bytes order by wiki using <)"}})),
            "select/x:0: ORDER BY in an aggregate has no USING here; write asc or desc");
  EXPECT_EQ(fault(text({}, {{"x", "count(*) filter (where bytes)"}})),
            "select/x:0: this must be bool, but it is int8");
  EXPECT_EQ(fault(text({}, {{"x", "count(*) over ()"}})),
            "select/x:0: window functions (OVER) are not supported");
  EXPECT_EQ(fault(text({}, {{"x", "sum(bites)"}})),
            "select/x:4: unknown field \"bites\"; did you mean \"bytes\"?");
  EXPECT_EQ(fault(text({{"wiki", "wiki"}}, {{"x", "wikki"}})),
            "select/x:0: unknown field \"wikki\"; did you mean \"wiki\"?");
  EXPECT_EQ(fault(text({{"wiki", "wiki"}}, {{"x", "\"#0\""}})), "select/x:0: unknown field \"#0\"");
  EXPECT_EQ(fault(text({}, {{"x", "count(*)"}}, "x")),
            "having/:0: this must be bool, but it is int8");
  EXPECT_EQ(fault(text({}, {{"x", "event_time()"}})),
            "select/x:0: event_time() must appear in group_by or be used in an aggregate");
  GroupedText unwindowed = text({}, {{"x", "window_start"}});
  unwindowed.windowed = false;
  EXPECT_EQ(fault(unwindowed), "select/x:0: unknown field \"window_start\"");
}

TEST(Grouped, OrderByIsReadAsPostgreSQLReadsIt) {
  GroupedText grouped = text({{"wiki", "wiki"}}, {{"edits", "count(*)"}});
  grouped.order_by = {"edits desc", "sum(bytes)", "wiki DESC nulls last", "edits asc NULLS FIRST"};
  auto compiled = compile_grouped(grouped, edits());
  ASSERT_TRUE(compiled) << compiled.error().caret();
  std::string read;
  for (const auto& order : compiled->order) {
    read += order.key.text() + (order.descending ? " desc" : "") +
            (order.nulls_first ? " first, " : " last, ");
  }
  EXPECT_EQ(read, "edits desc first, sum(bytes) last, wiki desc last, edits first, ");
  EXPECT_EQ(compiled->calls.size(), 2u);
}

TEST(Grouped, AnUnreadableOrderSaysHowOneIsWritten) {
  GroupedText grouped = text({{"wiki", "wiki"}}, {{"edits", "count(*)"}});
  grouped.order_by = {"edits descending"};
  const auto compiled = compile_grouped(grouped, edits());
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().hint, "an entry is \"EXPRESSION [asc|desc] [nulls first|last]\"");
}

TEST(Grouped, RowNumberIsForSelectOnly) {
  GroupedText grouped = text({{"wiki", "wiki"}}, {{"place", "row_number() + 1"}});
  auto compiled = compile_grouped(grouped, edits());
  ASSERT_TRUE(compiled) << compiled.error().caret();
  EXPECT_EQ(compiled->derived[*compiled->row_number].name, "row_number()");
  grouped.order_by = {"place"};
  EXPECT_TRUE(fault(grouped).starts_with("order_by/place:")) << fault(grouped);
}

}  // namespace
}  // namespace millrace
