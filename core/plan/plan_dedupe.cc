#include "base/duration.h"
#include "operators/dedupe_node.h"
#include "plan/planner.h"

namespace millrace {

void Planner::plan_dedupe(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  if (!check_watermark(op.from[0], inputs[0])) return;
  const Shape& input = inputs[0].node->shape(inputs[0].port);
  const Shape stage_shape = make_stage_shape(input, stage.explode);
  DedupePlan plan;
  plan.which = op.dedupe->which;
  plan.keep_us = op.dedupe->keep_us;
  plan.allowed_lateness_us = op.allowed_lateness_us;
  plan.late = op.late;
  std::string identity = plan.which == DedupeConfig::Which::kFirst ? "dedupe first" : "dedupe last";
  identity += ", keep " + format_duration(plan.keep_us) + ", by";
  for (const Text& field : op.dedupe->by) {
    auto program = compile_expression(quoted_path(field.text), stage_shape.schema);
    if (!program) {
      fault(field.where, program.error());
      continue;
    }
    identity += " " + field.text + " " + std::string(type_name(program->type()));
    plan.id.groups.push_back(std::move(*program));
  }
  const Shape made = DedupePlan::made(input, stage, plan.which);
  if (!compile_select(op, made.schema, plan.result.select)) return;
  if (plan.id.groups.size() != op.dedupe->by.size()) return;
  Node* node = plan_.graph.add(std::make_unique<DedupeNode>(op.name.text, std::move(inputs),
                                                            std::move(stage), std::move(plan)));
  add_operator(op, node, identity);
}

}  // namespace millrace
