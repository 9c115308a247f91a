// What makes and reads tables: `table`, and `filter`, `select` and aggregates over a table.
#include <algorithm>

#include "operators/rekeyed_node.h"
#include "operators/table_groups_node.h"
#include "operators/table_node.h"
#include "plan/planner.h"

namespace millrace {
namespace {

/// The first entry of the select that is that field and nothing else.
std::optional<uint32_t> entry_of(const SelectPlan& select, uint32_t field) {
  for (uint32_t i = 0; i < select.programs.size(); ++i) {
    uint32_t index = 0;
    if (select.programs[i].is_field(index) && index == field) return i;
  }
  return std::nullopt;
}

/// What rows of a table are kept by; part of the identity of all that reads it.
std::string key_text_of(const Shape& table) {
  std::string text;
  for (uint32_t field : table.key) {
    text += " " + table.schema[field].name + " " + std::string(type_name(table.schema[field].type));
  }
  return text;
}

}  // namespace

/// A join as of event time reads this table, directly or through operators that filter it.
bool Planner::asks_versions(const std::string& name) const {
  return std::any_of(config_.operators.begin(), config_.operators.end(),
                     [&](const OperatorConfig& other) {
                       if (other.join && other.join->with.name == name &&
                           other.join->as_of == JoinConfig::AsOf::kEventTime)
                         return true;
                       const auto reads = [&](const InputRef& ref) { return ref.name == name; };
                       const bool filters = !other.keeps_state_by_keys() && other.plugin.empty();
                       return filters && std::any_of(other.from.begin(), other.from.end(), reads) &&
                              asks_versions(other.name.text);
                     });
}

/// The source behind `name`, through operators that pass its records, has that field as its `key`.
bool Planner::is_source_key(const std::string& name, const std::string& field) const {
  if (const SourceConfig* source = config_.find_source(name)) return source->key.text == field;
  const OperatorConfig* op = config_.find_operator(name);
  const bool passes =
      op && !op->keeps_state_by_keys() && op->plugin.empty() && !op->select && op->from.size() == 1;
  return passes && is_source_key(op->from[0].name, field);
}

/// The rows that a table shows: what `select` gives, else the visible fields of the stage. `key`:
/// the stage's fields that are the key; they must be shown. False: there were faults.
bool Planner::plan_table_rows(const OperatorConfig& op, const Shape& stage,
                              const std::vector<uint32_t>& key, TablePlan& plan) {
  std::optional<SelectPlan> select;
  if (!compile_select(op, stage.schema, select)) return false;
  plan.selects = select.has_value();
  for (uint32_t i = 0; i < stage.visible && !select; ++i) {
    if (stage.is_table && stage.op == i) continue;
    plan.fields.push_back(stage.schema[i]);
    plan.from.push_back(i);
  }
  const auto shown_at = [&](uint32_t field) -> std::optional<uint32_t> {
    if (select) return entry_of(*select, field);
    const auto place = std::find(plan.from.begin(), plan.from.end(), field);
    if (place == plan.from.end()) return std::nullopt;
    return static_cast<uint32_t>(place - plan.from.begin());
  };
  bool whole = true;
  for (uint32_t field : key) {
    const auto place = shown_at(field);
    const std::string& name = stage.schema[field].name;
    if (place) {
      plan.key.push_back(*place);
    } else {
      faults_.add(op.select ? op.select->where : op.name.where,
                  "`select` of a table must keep its key \"" + name + "\"",
                  "add it, under this or another name");
      whole = false;
    }
  }
  if (stage.final_mark) plan.final_mark = shown_at(*stage.final_mark);
  for (size_t i = 0; select && i < select->names.size(); ++i) {
    plan.fields.push_back({select->names[i], select->programs[i].type()});
    plan.input.arguments.push_back(std::move(select->programs[i]));
  }
  return whole;
}

/// `key` and `delete` of a table; the fields of the key. Nothing: there were faults.
std::optional<std::vector<uint32_t>> Planner::plan_table_key(const OperatorConfig& op,
                                                             const Schema& schema, TablePlan& plan,
                                                             std::string& identity) {
  std::vector<uint32_t> key;
  const bool null_values = schema.find("record_is_null()").has_value();
  for (const Text& field : op.table->key) {
    const bool of_record = field.text == "record_key()";
    auto program = compile_expression(of_record ? field.text : quoted_path(field.text), schema);
    uint32_t index = 0;
    if (!program) {
      fault(field.where, program.error());
      continue;
    }
    if (program->is_field(index)) key.push_back(index);
    identity += " " + field.text + " " + std::string(type_name(program->type()));
    // The field is not in a null value, but the source asserts that the record's key is its text
    // (E20).
    if (null_values && is_source_key(op.from[0].name, field.text) &&
        program->type() == Type::kText) {
      program = compile_expression(
          "case when record_is_null() then record_key() else " + quoted_path(field.text) + " end",
          schema);
      if (!program) return std::nullopt;
    }
    plan.input.groups.push_back(std::move(*program));
  }
  const std::string written = op.table->delete_when.text;
  if (!written.empty() || null_values) {
    auto deletes = compile_filter(written.empty() ? "record_is_null()" : written, schema);
    if (!deletes) {
      fault(op.table->delete_when.where, deletes.error());
      return std::nullopt;
    }
    plan.deletes = std::move(*deletes);
  }
  if (key.size() != op.table->key.size()) return std::nullopt;
  return key;
}

void Planner::plan_table(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  if (!check_watermark(op.from[0], inputs[0])) return;
  const Shape shape = make_stage_shape(inputs[0].node->shape(inputs[0].port), stage.explode);
  const bool of_table = inputs[0].port == Port::kMain && shape.is_table;
  TablePlan plan;
  std::string identity =
      of_table ? "table of a table by" + key_text_of(shape) + ", by" : "table by";
  const auto key = plan_table_key(op, shape.schema, plan, identity);
  if (!key || !plan_table_rows(op, shape, *key, plan)) return;
  if (!of_table)
    return add_table(op, std::move(inputs), std::move(stage), std::move(plan), identity);
  add_operator(op,
               plan_.graph.add(std::make_unique<RekeyedNode>(op.name.text, std::move(inputs),
                                                             std::move(stage), std::move(plan))),
               identity);
}

void Planner::plan_table_filter(const OperatorConfig& op, std::vector<Input> inputs,
                                StagePlan stage) {
  const Shape& input = inputs[0].node->shape();
  TablePlan plan;
  if (!plan_table_rows(op, input, input.key, plan)) return;
  const std::string identity = "rows of a table by" + key_text_of(input);
  if (inputs[0].node->shape(Port::kVersions).is_table && asks_versions(op.name.text))
    inputs[0].port = Port::kVersions;
  add_table(op, std::move(inputs), std::move(stage), std::move(plan), identity);
}

void Planner::add_table(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage,
                        TablePlan plan, const std::string& identity) {
  plan.versions = asks_versions(op.name.text);
  add_operator(op,
               plan_.graph.add(std::make_unique<TableNode>(op.name.text, std::move(inputs),
                                                           std::move(stage), std::move(plan))),
               identity);
}

void Planner::plan_table_groups(const OperatorConfig& op, std::vector<Input> inputs,
                                StagePlan stage) {
  const auto emit = plan_emit(op);
  if (!emit) return;
  const Shape& input = inputs[0].node->shape();
  std::string identity;
  auto grouped = plan_groups(op, input.schema, identity);
  if (!grouped) return;
  TableGroupsPlan plan{std::move(*grouped), *emit};
  plan.grouped.mode = emit->mode;
  plan.grouped.over_table = true;
  add_operator(op,
               plan_.graph.add(std::make_unique<TableGroupsNode>(
                   op.name.text, std::move(inputs), std::move(stage), std::move(plan))),
               "over a table by" + key_text_of(input) + ", " + identity);
}

}  // namespace millrace
