// The rows of a sink: whether it can take what its inputs give, in which form, and under which key.
#include "columns/json_encode.h"
#include "json/document.h"
#include "json/write.h"
#include "plan/planner.h"

namespace millrace {
namespace {

/// Frames replace the result before them. A file keeps them as data, and its reader takes the last
/// whole one; a view shows them; an idempotent sink may be given a result again.
bool takes_frames(const Component& component) {
  return is_view(component) || component.name() == "file" || component.has_cap(MR_CAP_IDEMPOTENT);
}

/// The record's key, where rows do not carry it with the bytes of their source record: the columns
/// of `group_by` (E27), or what a `select` left of the record.
std::vector<std::string> record_key_of(const Shape& shape) {
  std::vector<std::string> out;
  for (uint32_t field : shape.record_key) out.push_back(quoted_path(shape.schema[field].name));
  if (out.empty() && !shape.has_bytes && shape.schema.find("record_key()"))
    out.emplace_back("record_key()");
  return out;
}

}  // namespace

/// `context` is R13's fields around a late record.
void Planner::refuse_context(const SinkConfig& sink, const std::vector<Input>& inputs) {
  if (!sink.context || (inputs.size() == 1 && inputs[0].port == Port::kLate)) return;
  faults_.add(sink.name.where, "\"context\" is for sinks that read one `.late` output");
}

bool Planner::refuse_frames(const SinkConfig& sink, const std::vector<Input>& inputs,
                            const SinkPlan& plan) {
  if (takes_frames(plan.component) && !plan.csv) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].node->shape(inputs[i].port).frame) continue;
    faults_.add(sink.from[i].as_written.where,
                "\"" + inputs[i].node->name() + "\" emits \"complete\" results, and sink \"" +
                    sink.name.text + "\" (" + (plan.csv ? "csv" : plan.component.name()) +
                    ") cannot replace what it wrote",
                "emit \"append\" or \"update\", or use a sink that can: file as ndjson, stdout");
    return true;
  }
  return false;
}

/// CSV has one header, which the sink is told.
bool Planner::plan_csv(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan) {
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (shape.has_bytes || (i > 0 && shape.visible_names() != names)) {
      faults_.add(sink.from[i].as_written.where, "csv needs the same columns in every row",
                  "select them in an operator");
      return false;
    }
    names = shape.visible_names();
  }
  plan.config =
      with_member(plan.config, "csv_header", JsonValue::string(CsvRowEncoder::header(names)));
  return true;
}

bool Planner::plan_sink_rows(const SinkConfig& sink, const std::vector<Input>& inputs,
                             SinkPlan& plan) {
  refuse_context(sink, inputs);
  if (refuse_frames(sink, inputs, plan)) return false;
  if (plan.csv && !plan_csv(sink, inputs, plan)) return false;
  if (refuse_deletes(sink, inputs, plan.component)) return false;
  return plan_keys(sink, inputs, plan) && plan_columns(sink, inputs, plan);
}

/// A sink that deletes only with some keys says so in its schema: `"x-deletes": {key: value}`.
/// Without them rows that delete would lie beside those that they take back (R25, R30).
bool Planner::refuse_deletes(const SinkConfig& sink, const std::vector<Input>& inputs,
                             const Component& component) {
  const auto schema = parse_json(component.abi->config_schema, "");
  const auto config = parse_json(sink.plugin_config, "");
  const JsonValue* needs = schema ? schema->root.find("x-deletes") : nullptr;
  if (!needs || !needs->is_object() || !config) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (!shape.is_table || !shape.op) continue;
    for (const auto& [key, value, place] : needs->members()) {
      const JsonValue* have = config->root.find(key);
      if (have && to_json(*have) == to_json(value)) continue;
      faults_.add(sink.from[i].as_written.where,
                  "\"" + inputs[i].node->name() +
                      "\" is a table, whose rows also delete, and sink \"" + sink.name.text +
                      "\" (" + component.name() + ") would only add them",
                  "set \"" + key + "\": " + to_json(value));
      return true;
    }
  }
  return false;
}

/// A sink without `key` gets the record's, unless its schema says that it has no use for keys.
void Planner::plan_record_keys(const std::vector<Input>& inputs, SinkPlan& plan) {
  if (says(plan.component, "x-keyless")) return;
  std::vector<std::vector<Program>> keys(inputs.size());
  bool any = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    for (const std::string& key : record_key_of(shape)) {
      auto program = compile_expression(key, shape.schema);
      if (!program) continue;  // A name that no expression can have.
      keys[i].push_back(std::move(*program));
      any = true;
    }
  }
  if (any) plan.keys = std::move(keys);
}

/// `key`: expressions over the fields of the rows, mostly a plain field.
bool Planner::plan_keys(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan) {
  if (sink.key.empty()) {
    plan_record_keys(inputs, plan);
    return true;
  }
  for (const Input& input : inputs) {
    std::vector<Program>& keys = plan.keys.emplace_back();
    for (const Text& key : sink.key) {
      const Schema& schema = input.node->shape(input.port).schema;
      // Hidden fields have the names of functions: record_key().
      const bool is_field = schema.find(key.text).has_value() && !key.text.ends_with("()");
      auto program = compile_expression(is_field ? quoted_path(key.text) : key.text, schema);
      if (!program) {
        fault(key.where, program.error());
        return false;
      }
      keys.push_back(std::move(*program));
    }
  }
  return true;
}

/// Sinks that take columns (millrace.arrow/1) say so in their schema, since nothing is created yet.
bool Planner::plan_columns(const SinkConfig& sink, const std::vector<Input>& inputs,
                           SinkPlan& plan) {
  if (!says(plan.component, "x-columns")) return true;
  plan.columns = true;
  const auto same = [](const Shape& a, const Shape& b) {
    if (a.visible != b.visible) return false;
    for (uint32_t i = 0; i < a.visible; ++i) {
      if (a.schema[i].name != b.schema[i].name || a.schema[i].type != b.schema[i].type)
        return false;
    }
    return true;
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (plan.context || shape.frame) {
      faults_.add(sink.from[i].as_written.where,
                  "sink \"" + sink.name.text + "\" (" + plan.component.name() +
                      ") takes columns: no context, no \"complete\" results");
      return false;
    }
    if (shape.visible == 0 || !same(shape, inputs[0].node->shape(inputs[0].port))) {
      faults_.add(sink.from[i].as_written.where,
                  "sink \"" + sink.name.text + "\" (" + plan.component.name() +
                      ") needs the same columns in every row",
                  "select them in an operator");
      return false;
    }
  }
  return true;
}

}  // namespace millrace
