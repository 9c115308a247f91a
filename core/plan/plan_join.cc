#include "base/duration.h"
#include "expr/join_condition.h"
#include "operators/join_node.h"
#include "operators/lookup_node.h"
#include "plan/planner.h"

namespace millrace {
namespace {

std::string_view type_text(JoinConfig::Type type) {
  constexpr std::string_view kNames[] = {"inner", "left", "right", "full", "semi", "anti"};
  return kNames[static_cast<size_t>(type)];
}

/// `on` as SQL: fields of equal name are equalities.
std::string condition_text(const OperatorConfig& op) {
  const JoinConfig& join = *op.join;
  if (join.on_fields.empty()) return join.on.text;
  std::string text;
  for (const Text& field : join.on_fields) {
    if (!text.empty()) text += " and ";
    text += quoted_path(op.join_side(0)) + "." + quoted_path(field.text) + " = " +
            quoted_path(op.join_side(1)) + "." + quoted_path(field.text);
  }
  return text;
}

}  // namespace

/// Faults of names, told as what they are in a join.
void Planner::join_fault(const Where& where, const ExprError& error, const JoinedRows& joined,
                         const OperatorConfig& op) {
  ExprError clearer = error;
  const std::string& field = error.unknown_field;
  const std::string &left = op.join_side(0), &right = op.join_side(1);
  const bool left_only =
      op.join->type == JoinConfig::Type::kSemi || op.join->type == JoinConfig::Type::kAnti;
  if (left_only && joined.shape().schema.find(field)) {
    clearer.unknown_field.clear();
    clearer.message = "a " + std::string(type_text(op.join->type)) + " join has the fields of \"" +
                      left + "\" only";
    clearer.hint = "use \"inner\" or \"left\" for those of \"" + right + "\"";
  }
  for (const std::string& name : joined.ambiguous()) {
    if (field != name) continue;
    clearer.unknown_field.clear();
    clearer.message = "field \"" + name + "\" is on both sides of the join";
    clearer.hint = "write " + left + "." + name + " or " + right + "." + name;
  }
  // What a source would declare has no name of an input in front.
  for (const std::string& name : {left, right}) {
    if (field.starts_with(name + "."))
      clearer.unknown_field = clearer.unknown_field.empty() ? "" : field.substr(name.size() + 1);
  }
  fault(where, clearer);
}

/// Like compile_filter and compile_select, but faults know both sides.
bool Planner::compile_result(const OperatorConfig& op, const JoinedRows& joined,
                             ResultPlan& result) {
  const Schema schema = joined.result_schema();
  bool fine = true;
  const auto take = [&](const Text& text, Compiled<Program> program,
                        std::string_view what) -> std::optional<Program> {
    if (program) {
      if (!program->deterministic()) {
        plan_.nondeterministic.push_back(op.name.text + ": " + std::string(what) +
                                         " reads processing_time()");
      }
      return std::move(*program);
    }
    join_fault(text.where, program.error(), joined, op);
    fine = false;
    return std::nullopt;
  };
  if (!op.filter.empty())
    result.filter = take(op.filter, compile_filter(op.filter.text, schema), "filter");
  if (!op.select) return fine;
  result.select.emplace();
  for (const NamedExpression& entry : op.select->entries) {
    const std::string& text = entry.expression.text;
    auto program =
        take(entry.expression,
             compile_expression(op.select->fields_only ? quoted_path(text) : text, schema),
             entry.alias.text);
    if (!program) continue;
    result.select->names.push_back(entry.alias.text);
    result.select->programs.push_back(std::move(*program));
  }
  return fine;
}

void Planner::plan_join(const OperatorConfig& op, std::vector<Input> inputs) {
  const JoinConfig& join = *op.join;
  const auto with = find_input(join.with);
  const bool itself = op.join_side(0) == op.join_side(1);  // Told by config.
  if (!with || itself) return;
  inputs.push_back(*with);
  const bool versions = join.as_of == JoinConfig::AsOf::kEventTime;
  if (versions && with->node->shape(Port::kVersions).is_table) inputs[1].port = Port::kVersions;
  bounded_[op.name.text] = bounded_[op.name.text] && bounded_[join.with.name];
  if (!check_watermark(op.from[0], inputs[0]) || !check_watermark(join.with, *with)) return;
  const auto side_of = [&](size_t side, const std::string& name) {
    return JoinedRows::Side{name, inputs[side].node->shape(inputs[side].port)};
  };
  const JoinedRows::Side left = side_of(0, op.join_side(0)), right = side_of(1, op.join_side(1));
  std::vector<std::string> using_fields;
  for (const Text& field : join.on_fields) using_fields.push_back(field.text);
  const bool left_only =
      join.type == JoinConfig::Type::kSemi || join.type == JoinConfig::Type::kAnti;
  JoinedRows joined(left, right, using_fields, left_only);
  auto condition = compile_join_condition(condition_text(op), {left.name, &left.shape.schema},
                                          {right.name, &right.shape.schema}, joined.shape().schema);
  const Where where = join.on_fields.empty() ? join.on.where : join.on_fields[0].where;
  if (!condition) return join_fault(where, condition.error(), joined, op);
  PairPlan pair;
  if (!compile_result(op, joined, pair.result)) return;
  if (join.of_tables()) {
    return plan_table_join(op, std::move(inputs), std::move(joined), std::move(*condition),
                           std::move(pair.result), condition_text(op));
  }
  pair.type = join.type;
  pair.late = op.late;
  pair.keys[0].groups = std::move(condition->left);
  pair.keys[1].groups = std::move(condition->right);
  pair.residual = std::move(condition->residual);
  std::string identity = "join " + std::string(type_text(join.type)) + " with " + join.with.name +
                         " on " + condition_text(op);
  if (!join.within) {
    LookupPlan plan;
    plan.latest = join.as_of == JoinConfig::AsOf::kLatest;
    plan.keep_us = join.keep_us;
    plan.pair = std::move(pair);
    identity +=
        plan.latest ? ", latest" : ", as of event time, keep " + format_duration(plan.keep_us);
    if (plan.latest)
      plan_.nondeterministic.push_back(op.name.text + ": joins with the latest row of " +
                                       join.with.name);
    Node* node = plan_.graph.add(std::make_unique<LookupNode>(op.name.text, std::move(inputs),
                                                              std::move(joined), std::move(plan)));
    plan_.graph.operators.push_back({node, identity});
    named_[op.name.text] = node;
    return;
  }
  JoinPlan plan;
  plan.before_us = join.within->before_us;
  plan.after_us = join.within->after_us;
  plan.allowed_lateness_us = op.allowed_lateness_us;
  plan.pair = std::move(pair);
  identity += ", within " + format_duration(plan.before_us) + " before, " +
              format_duration(plan.after_us) + " after";
  Node* node = plan_.graph.add(std::make_unique<JoinNode>(op.name.text, std::move(inputs),
                                                          std::move(joined), std::move(plan)));
  plan_.graph.operators.push_back({node, identity});
  named_[op.name.text] = node;
}

}  // namespace millrace
