#include <algorithm>

#include "base/duration.h"
#include "nodes/stateless_node.h"
#include "nodes/union_node.h"
#include "plan/planner.h"

namespace millrace {
namespace {

/// An expression where a list of fields is.
ExprError of_list(const ExpressionList& select, ExprError error) {
  const std::string& field = error.unknown_field;
  constexpr std::string_view kSigns = " ()+*/<>=|";
  if (!select.fields_only || field.find_first_of(kSigns) == std::string::npos) return error;
  error.hint = "a list names fields; an expression needs a name: {\"name\": \"" + field + "\"}";
  error.unknown_field.clear();
  return error;
}

/// A filter that asks for what `select` makes.
ExprError of_filter(const OperatorConfig& op, ExprError error) {
  if (!op.select || op.select->fields_only || error.unknown_field.empty()) return error;
  for (const NamedExpression& entry : op.select->entries) {
    if (entry.alias.text != error.unknown_field) continue;
    error.message =
        "\"" + error.unknown_field + "\" is made by \"select\", which comes behind the filter";
    error.hint =
        "filter in an operator behind this one; of results over many records, use \"having\"";
    error.unknown_field.clear();
    break;
  }
  return error;
}

}  // namespace

std::string expression_of(const ExpressionList& list, const NamedExpression& entry) {
  return list.fields_only ? quoted_path(entry.expression.text) : entry.expression.text;
}

Result<void> Planner::plan_operators() {
  // Operators may stand in any order; config has refused cycles, so this ends.
  std::vector<const OperatorConfig*> left;
  for (const OperatorConfig& op : config_.operators) left.push_back(&op);
  const auto ready = [&](const OperatorConfig* op) {
    const auto unplanned = [&](const InputRef& ref) {
      return std::any_of(left.begin(), left.end(),
                         [&](const OperatorConfig* other) { return other->name.text == ref.name; });
    };
    return std::none_of(op->from.begin(), op->from.end(), unplanned) &&
           !(op->join && unplanned(op->join->with));
  };
  while (!left.empty()) {
    const auto next = std::find_if(left.begin(), left.end(), ready);
    if (next == left.end()) break;
    const OperatorConfig* op = *next;
    left.erase(next);
    MILLRACE_TRY(plan_operator(*op));
  }
  // The report tells operators in the order of the configuration.
  const auto place = [&](const NamedOperator& op) {
    const auto same = [&](const OperatorConfig& other) {
      return other.name.text == op.node->name();
    };
    return std::find_if(config_.operators.begin(), config_.operators.end(), same);
  };
  std::sort(plan_.graph.operators.begin(), plan_.graph.operators.end(),
            [&](const NamedOperator& a, const NamedOperator& b) { return place(a) < place(b); });
  return {};
}

/// What `from` names. Nothing where one of them had a fault of its own.
std::vector<Input> Planner::find_inputs(const OperatorConfig& op) {
  std::vector<Input> inputs;
  bool bounded = true;
  for (const InputRef& ref : op.from) {
    if (auto input = find_input(ref)) inputs.push_back(*input);
    bounded = bounded && bounded_[ref.name];
  }
  if (inputs.size() != op.from.size()) return {};
  bounded_[op.name.text] = bounded;
  return inputs;
}

/// Several inputs become one. Nothing, and a fault: their fields differ.
std::optional<Input> Planner::unite(const OperatorConfig& op, std::vector<Input> inputs) {
  if (inputs.size() == 1) return inputs[0];
  std::string difference;
  auto together = plan_union(inputs, difference);
  if (!together) {
    faults_.add(op.from[0].as_written.where, difference, "select equal fields in front");
    return std::nullopt;
  }
  Node* node = plan_.graph.add(
      std::make_unique<UnionNode>(op.name.text, std::move(inputs), std::move(*together)));
  plan_.graph.unions.push_back(node);
  return Input{node, Port::kMain};
}

Result<void> Planner::plan_operator(const OperatorConfig& op) {
  exploding_ = op.explode ? &*op.explode : nullptr;
  const bool second_kind = refuse_second_kind(op);
  const bool refused = refuse_result_keys(op) || second_kind;
  std::vector<Input> inputs = find_inputs(op);
  if (refused || inputs.empty()) return {};
  if (refuse_table(op, inputs) || refuse_lateness(op, inputs)) return {};
  std::optional<Input> input = unite(op, std::move(inputs));
  if (!input) return {};
  if (op.event_time && (!op.plugin.empty() || is_grouped(op))) {
    faults_.add(op.event_time->where, "a new event time needs an operator without state",
                "set it on a separate operator in front of this one");
    return {};
  }
  if (op.window && op.window->processing_time) input = by_clock(op, *input);
  if (!op.plugin.empty()) return plan_processor(op, {*input});
  if (op.join) {
    plan_join(op, {*input});
    return {};
  }
  auto stage = plan_stage(op, input->node->shape(input->port));
  if (stage) plan_kind(op, {*input}, std::move(*stage));
  return {};
}

/// What an operator does behind `explode` and `filter`, by its keys and what it reads.
void Planner::plan_kind(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  const auto window = [&](WindowConfig::Kind kind) { return op.window && op.window->kind == kind; };
  if (op.dedupe) {
    plan_dedupe(op, std::move(inputs), std::move(stage));
  } else if (op.table) {
    plan_table(op, std::move(inputs), std::move(stage));
  } else if (window(WindowConfig::Kind::kSession)) {
    plan_session(op, std::move(inputs), std::move(stage));
  } else if (window(WindowConfig::Kind::kSlidingByRecord)) {
    plan_sliding(op, std::move(inputs), std::move(stage));
  } else if (is_grouped(op)) {
    plan_grouped(op, std::move(inputs), std::move(stage));
  } else if (inputs[0].port == Port::kMain && inputs[0].node->shape().is_table) {
    plan_table_filter(op, std::move(inputs), std::move(stage));
  } else {
    plan_stateless(op, std::move(inputs), std::move(stage));
  }
}

Result<void> Planner::plan_processor(const OperatorConfig& op, std::vector<Input> inputs) {
  auto component = load(Kind::kProcessor, op.plugin);
  if (!component) return component.error();
  if (!*component || op.plugin_config.empty()) return {};
  const InstanceName name{config_.name.text, op.name.text};
  if (auto valid = Instance::validate(**component, name, op.plugin_config); !valid) {
    faults_.add(op.plugin.where, valid.error().message);
    return {};
  }
  ProcessorPlan plan{**component, op.plugin_config, {}};
  for (const FieldType& field : op.schema) {
    if (const auto type = declared_type(field)) plan.fields.add(field.path.text, *type);
  }
  PluginNode* node = plan_.graph.add(std::make_unique<PluginNode>(
      op.name.text, config_.name.text, std::move(inputs), std::move(plan)));
  plan_.graph.processors.push_back(node);
  add_operator(op, node, "processor " + op.plugin.text);
  return {};
}

/// How a field becomes known; of an element, also how one reads it where it is not.
std::string Planner::declaration_of(const std::string& field) const {
  const auto declare = [](const std::string& path) {
    return "if the records have it, declare it on the source: \"schema\": { \"" + path +
           "\": \"text\" }";
  };
  if (!exploding_ || !field.starts_with(exploding_->as.text + ".")) return declare(field);
  const std::string member = field.substr(exploding_->as.text.size() + 1);
  return declare(exploding_->array.text + "[]." + member) +
         "; or read it out of the element: " + exploding_->as.text + " ->> '" + member + "'";
}

void Planner::fault(const Where& where, const ExprError& error) {
  std::string hint = error.hint;
  if (!error.unknown_field.empty()) {
    const std::string block = declaration_of(error.unknown_field);
    hint = hint.empty() ? block : hint + (hint.ends_with('?') ? " Or, " : "; ") + block;
  }
  // The caret line without its text, which stands in front of the hint already.
  const std::string caret = error.caret();
  const size_t line = caret.find('\n'),
               mark = caret.find('^', line == std::string::npos ? 0 : line);
  std::string snippet;
  if (line != std::string::npos && mark != std::string::npos) {
    snippet = "    " + caret.substr(0, line + 1) + "    " + caret.substr(line + 1, mark - line);
  }
  faults_.add(where, error.message, hint, snippet);
}

std::optional<StagePlan> Planner::plan_stage(const OperatorConfig& op, const Shape& input) {
  StagePlan stage;
  if (op.explode) {
    stage.explode = plan_explode(*op.explode, input);
    if (!stage.explode) return std::nullopt;
  }
  if (op.filter.empty()) return stage;
  const Shape shape = make_stage_shape(input, stage.explode);
  auto filter = compile_filter(op.filter.text, shape.schema);
  if (!filter) {
    fault(op.filter.where, of_filter(op, filter.error()));
    // Faults of select are worth telling in the same run: go on without the filter.
    return stage;
  }
  if (!filter->deterministic()) {
    plan_.nondeterministic.push_back(op.name.text + ": filter reads processing_time()");
  }
  stage.filter = std::move(*filter);
  return stage;
}

bool Planner::compile_select(const OperatorConfig& op, const Schema& schema,
                             std::optional<SelectPlan>& select) {
  if (!op.select) return true;
  select.emplace();
  for (const NamedExpression& entry : op.select->entries) {
    auto program = compile_expression(expression_of(*op.select, entry), schema);
    if (!program) {
      fault(entry.expression.where, of_list(*op.select, program.error()));
      continue;
    }
    if (!program->deterministic()) {
      plan_.nondeterministic.push_back(op.name.text + ": " + entry.alias.text +
                                       " reads processing_time()");
    }
    select->names.push_back(entry.alias.text);
    select->programs.push_back(std::move(*program));
  }
  return select->names.size() == op.select->entries.size();
}

bool Planner::check_watermark(const InputRef& ref, const Input& input) {
  if (input.node->has_watermark() && input.port == Port::kMain) return true;
  // Mostly the configuration's own rules have found it.
  if (faults_.any_below(ref.as_written.where.pointer)) return false;
  faults_.add(ref.as_written.where,
              "side outputs carry no watermark: only stateless operators and sinks may read them");
  return false;
}

void Planner::plan_stateless(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  const Shape shape = make_stage_shape(inputs[0].node->shape(inputs[0].port), stage.explode);
  std::optional<SelectPlan> select;
  if (!compile_select(op, shape.schema, select)) return;
  std::optional<RetimePlan> retime;
  std::string identity;
  if (op.event_time) {
    if (!check_watermark(op.from[0], inputs[0])) return;
    retime = plan_retime(*op.event_time, StatelessNode::make_shape(shape, select));
    if (!retime) return;
    note_max_future(op.name.text, retime->time);
    identity = "event time " + op.event_time->field.text;
  }
  Node* node = plan_.graph.add(std::make_unique<StatelessNode>(
      op.name.text, std::move(inputs), std::move(stage), std::move(select), std::move(retime)));
  add_operator(op, node, identity);
}

void Planner::add_operator(const OperatorConfig& op, Node* node, const std::string& identity) {
  plan_.graph.operators.push_back({node, identity});
  named_[op.name.text] = node;
}

}  // namespace millrace
