// What `check --explain` says of where the parts of an operator are computed.

#include "plan/expression_places.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

Text text(std::string value) {
  Text out;
  out.text = std::move(value);
  return out;
}

ExpressionList list(std::string expression) {
  ExpressionList out;
  out.entries.emplace_back();
  out.entries.back().expression = text(std::move(expression));
  return out;
}

/// The line that begins so; empty: there is none.
std::string line_of(const OperatorConfig& op, std::string_view start) {
  for (const std::string& line : expression_places(op)) {
    if (line.starts_with(start)) return line;
  }
  return "";
}

TEST(ExpressionPlaces, FilterComesBeforeSelect) {
  OperatorConfig op;
  op.filter = text("not bot");
  op.select = list("lower(title)");
  const auto lines = expression_places(op);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].starts_with("filter `not bot`: beside the decoder")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("select: per record that the filter kept")) << lines[1];
}

TEST(ExpressionPlaces, GroupsAreFoldedInTheOrderOfTheLog) {
  OperatorConfig op;
  op.group_by = list("type");
  op.select = list("count(*)");
  op.having = text("count(*) > 1");
  EXPECT_NE(line_of(op, "group_by `type`").find("beside the decoder"), std::string::npos);
  EXPECT_NE(line_of(op, "arguments").find("in the order of the log"), std::string::npos);
  EXPECT_NE(line_of(op, "having `count(*) > 1`").find("per row that comes out"), std::string::npos);
}

TEST(ExpressionPlaces, AJoinFiltersItsRows) {
  OperatorConfig op;
  op.join.emplace();
  op.join->on = text("a.id = b.id and a.n > b.n");
  op.filter = text("a.n > 1");
  EXPECT_NE(line_of(op, "join on").find("equalities are keys"), std::string::npos);
  EXPECT_EQ(line_of(op, "filter"), "filter `a.n > 1`: per joined row");
}

TEST(ExpressionPlaces, AProcessorPluginHasNone) {
  OperatorConfig op;
  op.plugin = text("x");
  op.filter = text("true");
  EXPECT_TRUE(expression_places(op).empty());
}

}  // namespace
}  // namespace millrace
