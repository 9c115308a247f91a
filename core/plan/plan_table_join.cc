// A join of two tables (`join` without `within` and `as_of`): by the key that both have.
#include <algorithm>

#include "expr/join_condition.h"
#include "operators/table_join_node.h"
#include "plan/planner.h"

namespace millrace {
namespace {

using JoinType = JoinConfig::Type;

/// The equalities name every field of the table's key, each once.
bool covers_key(const std::vector<Program>& side, const Shape& table) {
  std::vector<uint32_t> named;
  for (const Program& program : side) {
    uint32_t field = 0;
    if (!program.is_field(field)) return false;
    named.push_back(field);
  }
  return std::is_permutation(named.begin(), named.end(), table.key.begin(), table.key.end());
}

std::string key_names(const Shape& table) {
  std::string text;
  for (uint32_t field : table.key) text += (text.empty() ? "" : ", ") + table.schema[field].name;
  return text;
}

/// Joined fields that hold the key's field number `i` in every row that such a join makes: the one
/// joined on by name, else those of a side that is always there.
std::vector<uint32_t> key_fields(const OperatorConfig& op, const JoinedRows& joined,
                                 const JoinCondition& condition, const Shape* sides[2], size_t i) {
  std::vector<std::string> names;
  const JoinConfig& join = *op.join;
  const bool one_side[2] = {join.type != JoinType::kRight && join.type != JoinType::kFull,
                            join.type == JoinType::kInner || join.type == JoinType::kRight};
  const std::string* inputs[2] = {&op.join_side(0), &op.join_side(1)};
  const std::vector<Program>* programs[2] = {&condition.left, &condition.right};
  for (size_t side = 0; side < 2; ++side) {
    uint32_t field = 0;
    (*programs[side])[i].is_field(field);
    const std::string& name = sides[side]->schema[field].name;
    if (!join.on_fields.empty() || one_side[side]) names.push_back(name);
    if (one_side[side]) names.push_back(*inputs[side] + "." + name);
  }
  std::vector<uint32_t> fields;
  for (const std::string& name : names) {
    if (const auto field = joined.shape().schema.find(name)) fields.push_back(*field);
  }
  return fields;
}

/// The first place among what is shown that is one of `fields`.
std::optional<uint32_t> shown_at(const ResultPlan& result, uint32_t visible,
                                 const std::vector<uint32_t>& fields) {
  const auto is_one = [&](uint32_t field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  const auto count =
      result.select ? static_cast<uint32_t>(result.select->programs.size()) : visible;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t field = i;
    const bool is_field = !result.select || result.select->programs[i].is_field(field);
    if (is_field && is_one(field)) return i;
  }
  return std::nullopt;
}

}  // namespace

bool Planner::check_table_join(const OperatorConfig& op, const std::vector<Input>& inputs,
                               const JoinCondition& condition) {
  const Where where = op.join->on_fields.empty() ? op.join->on.where : op.join->on_fields[0].where;
  const InputRef* refs[2] = {&op.from[0], &op.join->with};
  const std::vector<Program>* sides[2] = {&condition.left, &condition.right};
  for (size_t side = 0; side < 2; ++side) {
    const Shape& table = inputs[side].node->shape(inputs[side].port);
    const std::string name = "\"" + refs[side]->name + "\"";
    if (table.frame || table.final_mark) {
      faults_.add(refs[side]->as_written.where,
                  "rows of " + name + (table.frame ? " come in frames" : " are final some time") +
                      ", which a join of tables cannot read",
                  "let it emit \"append\", and join \"within\"");
      return false;
    }
    if (condition.residual || !covers_key(*sides[side], table)) {
      faults_.add(where,
                  "two tables are joined by equality of their whole keys, and that of " + name +
                      " is " + key_names(table),
                  "give it the other key by an operator with \"table\" or \"group_by\" in front");
      return false;
    }
  }
  return true;
}

void Planner::plan_table_join(const OperatorConfig& op, std::vector<Input> inputs,
                              JoinedRows joined, JoinCondition condition, ResultPlan result,
                              const std::string& on) {
  if (!check_table_join(op, inputs, condition)) return;
  TableJoinPlan plan;
  const Shape* sides[2] = {&inputs[0].node->shape(), &inputs[1].node->shape()};
  const uint32_t visible = joined.shape().visible;
  for (size_t i = 0; i < condition.left.size(); ++i) {
    const auto place = shown_at(result, visible, key_fields(op, joined, condition, sides, i));
    if (!place) {
      faults_.add(op.select ? op.select->where : op.join->where,
                  "the rows of a join of tables must keep the fields joined on",
                  "select them, under these or other names; for a right or full join name them in "
                  "a list: \"on\": [\"id\"]");
      return;
    }
    plan.key.push_back(*place);
  }
  for (uint32_t i = 0; i < visible && !result.select; ++i)
    plan.fields.push_back(joined.shape().schema[i]);
  for (size_t i = 0; result.select && i < result.select->names.size(); ++i)
    plan.fields.push_back({result.select->names[i], result.select->programs[i].type()});
  plan.pair.type = op.join->type;
  plan.pair.keys[0].groups = std::move(condition.left);
  plan.pair.keys[1].groups = std::move(condition.right);
  plan.result = std::move(result);
  const std::string identity = "join of tables, " + std::string(join_type_text(op.join->type)) +
                               ", with " + op.join->with.name + " on " + on;
  add_operator(op,
               plan_.graph.add(std::make_unique<TableJoinNode>(op.name.text, std::move(inputs),
                                                               std::move(joined), std::move(plan))),
               identity);
}

}  // namespace millrace
