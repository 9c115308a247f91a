#include "pipeline/planner.h"
#include "pipeline/table_node.h"

namespace millrace {
namespace {

/// True if some entry of the select is that field and nothing else.
bool keeps_field(const SelectPlan& select, uint32_t field) {
  for (const Program& program : select.programs) {
    uint32_t index = 0;
    if (program.is_field(index) && index == field) return true;
  }
  return false;
}

}  // namespace

void Planner::plan_table(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  if (!check_watermark(op.from[0], inputs[0])) return;
  const Shape stage_shape = make_stage_shape(inputs[0].node->shape(inputs[0].port), stage.explode);
  TablePlan plan;
  std::string identity = "table by";
  for (const Text& field : op.table->key) {
    auto program = compile_expression(quoted_path(field.text), stage_shape.schema);
    uint32_t index = 0;
    if (!program) {
      fault(field.where, program.error());
      continue;
    }
    if (program->is_field(index)) plan.key_fields.push_back(index);
    identity += " " + field.text + " " + std::string(type_name(program->type()));
    plan.key.groups.push_back(std::move(*program));
  }
  if (!op.table->delete_when.empty()) {
    auto deletes = compile_filter(op.table->delete_when.text, stage_shape.schema);
    if (deletes) {
      plan.key.filters.push_back(std::move(*deletes));
    } else {
      fault(op.table->delete_when.where, deletes.error());
      return;
    }
  }
  if (plan.key_fields.size() != op.table->key.size()) return;
  if (!compile_select(op, TablePlan::made(stage_shape).schema, plan.result.select)) return;
  for (size_t i = 0; plan.result.select && i < plan.key_fields.size(); ++i) {
    if (keeps_field(*plan.result.select, plan.key_fields[i])) continue;
    faults_.add(op.table->key[i].where, "`select` of a table must keep its key \"" + op.table->key[i].text + "\"",
                "add \"" + op.table->key[i].text + "\" to select");
    return;
  }
  for (const OperatorConfig& other : config_.operators) {
    const bool looks_here = other.join && other.join->with.name == op.name.text;
    if (looks_here && other.join->as_of == JoinConfig::AsOf::kEventTime) plan.passes_all_deletes = true;
  }
  Node* node = plan_.graph.add(
      std::make_unique<TableNode>(op.name.text, std::move(inputs), std::move(stage), std::move(plan)));
  plan_.graph.operators.push_back({node, identity});
  named_[op.name.text] = node;
}

}  // namespace millrace
