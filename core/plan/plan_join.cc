#include "base/duration.h"
#include "expr/join_condition.h"
#include "operators/join_node.h"
#include "operators/lookup_node.h"
#include "plan/planner.h"

namespace millrace {
namespace {

/// A semi or anti join asks whether there is a partner, and shows none of its fields.
bool shows_left_only(const JoinConfig& join) {
  return join.type == JoinConfig::Type::kSemi || join.type == JoinConfig::Type::kAnti;
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

JoinedRows joined_rows(const OperatorConfig& op, const std::vector<Input>& inputs) {
  const auto side = [&](size_t i) {
    return JoinedRows::Side{op.join_side(i), inputs[i].node->shape(inputs[i].port)};
  };
  std::vector<std::string> using_fields;
  for (const Text& field : op.join->on_fields) using_fields.push_back(field.text);
  return {side(0), side(1), using_fields, shows_left_only(*op.join)};
}

Compiled<JoinCondition> compile_condition(const OperatorConfig& op,
                                          const std::vector<Input>& inputs,
                                          const JoinedRows& joined) {
  const auto side = [&](size_t i) {
    return JoinSide{op.join_side(i), &inputs[i].node->shape(inputs[i].port).schema};
  };
  return compile_join_condition(condition_text(op), side(0), side(1), joined.shape().schema);
}

}  // namespace

std::string_view join_type_text(JoinConfig::Type type) {
  constexpr std::string_view kNames[] = {"inner", "left", "right", "full", "semi", "anti"};
  return kNames[static_cast<size_t>(type)];
}

/// Faults of names, told as what they are in a join.
void Planner::join_fault(const Where& where, const ExprError& error, const JoinedRows& joined,
                         const OperatorConfig& op) {
  ExprError clearer = error;
  const std::string& field = error.unknown_field;
  const std::string &left = op.join_side(0), &right = op.join_side(1);
  if (shows_left_only(*op.join) && joined.shape().schema.find(field)) {
    clearer.unknown_field.clear();
    clearer.message = "a " + std::string(join_type_text(op.join->type)) +
                      " join has the fields of \"" + left + "\" only";
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

/// The input that `with` names, behind the one of `from`. False, and mostly a fault: it cannot be
/// joined.
bool Planner::add_join_side(const OperatorConfig& op, std::vector<Input>& inputs) {
  const JoinConfig& join = *op.join;
  const auto with = find_input(join.with);
  const bool itself = op.join_side(0) == op.join_side(1);  // Told by config.
  if (!with || itself) return false;
  inputs.push_back(*with);
  const bool versions = join.as_of == JoinConfig::AsOf::kEventTime;
  if (versions && with->node->shape(Port::kVersions).is_table) inputs[1].port = Port::kVersions;
  bounded_[op.name.text] = bounded_[op.name.text] && bounded_[join.with.name];
  return check_watermark(op.from[0], inputs[0]) && check_watermark(join.with, *with);
}

void Planner::plan_join(const OperatorConfig& op, std::vector<Input> inputs) {
  const JoinConfig& join = *op.join;
  if (!add_join_side(op, inputs)) return;
  JoinedRows joined = joined_rows(op, inputs);
  auto condition = compile_condition(op, inputs, joined);
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
  const std::string identity = "join " + std::string(join_type_text(join.type)) + " with " +
                               join.with.name + " on " + condition_text(op);
  if (join.within) {
    plan_stream_join(op, std::move(inputs), std::move(joined), std::move(pair), identity);
  } else {
    plan_lookup(op, std::move(inputs), std::move(joined), std::move(pair), identity);
  }
}

/// `within`: two streams.
void Planner::plan_stream_join(const OperatorConfig& op, std::vector<Input> inputs,
                               JoinedRows joined, PairPlan pair, const std::string& identity) {
  JoinPlan plan;
  plan.before_us = op.join->within->before_us;
  plan.after_us = op.join->within->after_us;
  plan.allowed_lateness_us = op.allowed_lateness_us;
  plan.pair = std::move(pair);
  const std::string bounds = ", within " + format_duration(plan.before_us) + " before, " +
                             format_duration(plan.after_us) + " after";
  add_operator(op,
               plan_.graph.add(std::make_unique<JoinNode>(op.name.text, std::move(inputs),
                                                          std::move(joined), std::move(plan))),
               identity + bounds);
}

/// `as_of`: a stream and a table.
void Planner::plan_lookup(const OperatorConfig& op, std::vector<Input> inputs, JoinedRows joined,
                          PairPlan pair, const std::string& identity) {
  LookupPlan plan;
  plan.latest = op.join->as_of == JoinConfig::AsOf::kLatest;
  plan.keep_us = op.join->keep_us;
  plan.pair = std::move(pair);
  if (plan.latest) {
    plan_.nondeterministic.push_back(op.name.text + ": joins with the latest row of " +
                                     op.join->with.name);
  }
  const std::string as_of =
      plan.latest ? ", latest" : ", as of event time, keep " + format_duration(plan.keep_us);
  add_operator(op,
               plan_.graph.add(std::make_unique<LookupNode>(op.name.text, std::move(inputs),
                                                            std::move(joined), std::move(plan))),
               identity + as_of);
}

}  // namespace millrace
