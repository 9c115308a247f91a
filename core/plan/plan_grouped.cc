// Operators with aggregates over event-time windows or the whole stream.
#include <algorithm>

#include "base/duration.h"
#include "plan/planner.h"

namespace millrace {
namespace {

using Mode = EmitConfig::Mode;

CalendarUnit calendar_unit(WindowConfig::Unit unit) {
  switch (unit) {
    case WindowConfig::Unit::kWeek: return CalendarUnit::kWeek;
    case WindowConfig::Unit::kMonth: return CalendarUnit::kMonth;
    case WindowConfig::Unit::kYear: return CalendarUnit::kYear;
    case WindowConfig::Unit::kDay: break;
  }
  return CalendarUnit::kDay;
}

std::string_view unit_name(WindowConfig::Unit unit) {
  constexpr std::string_view kNames[] = {"day", "week", "month", "year"};
  return kNames[static_cast<size_t>(unit)];
}

std::string window_text(const WindowConfig& window) {
  std::string text;
  switch (window.kind) {
    case WindowConfig::Kind::kTumbling: text = "tumbling"; break;
    case WindowConfig::Kind::kHopping: text = "hopping"; break;
    case WindowConfig::Kind::kCumulative: text = "cumulative"; break;
    case WindowConfig::Kind::kCalendar:
      return "calendar " + std::string(unit_name(window.unit)) + " in " + window.zone.text;
    case WindowConfig::Kind::kSession: text = "session"; break;
    case WindowConfig::Kind::kSlidingByRecord: text = "sliding by record"; break;
  }
  text += " " + format_duration(window.size_us);
  if (window.every_us) text += " every " + format_duration(window.every_us);
  if (window.offset_us) text += " offset " + format_duration(window.offset_us);
  return text;
}

/// What results depend on: state of another identity is refused (E5).
std::string identity_of(const OperatorConfig& op, const GroupedText& text,
                        const GroupedSelect& select) {
  std::string identity = op.window ? window_text(*op.window) : "no window";
  for (const NamedText& group : text.group_by) identity += ", by " + group.text;
  for (const auto& call : select.calls) {
    identity += ", " + std::string(call.function->name);
    if (call.argument) identity += "(" + select.arguments[*call.argument].text() + ")";
    if (call.filter) identity += " filter (" + select.filters[*call.filter].text() + ")";
  }
  return identity;
}

/// Where an entry of the configuration stands whose compilation failed.
Where where_of(const OperatorConfig& op, const ExprError& error) {
  if (error.part == "having") return op.having.where;
  for (const auto* texts : {&op.order_by, &op.limit_by}) {
    const std::string_view part = texts == &op.order_by ? "order_by" : "limit_by";
    for (const Text& text : *texts) {
      const bool same = text.text == error.name || quoted_path(text.text) == error.name;
      if (error.part == part && same) return text.where;
    }
  }
  const auto& list = error.part == "group_by" ? op.group_by : op.select;
  if (!list) return op.name.where;
  for (const NamedExpression& entry : list->entries) {
    if (entry.alias.text == error.name) return entry.expression.where;
  }
  return op.name.where;
}

GroupedText text_of(const OperatorConfig& op) {
  GroupedText text;
  text.windowed = op.window.has_value();
  text.sessions = op.window && op.window->kind == WindowConfig::Kind::kSession;
  text.having = op.having.text;
  if (op.group_by) {
    for (const NamedExpression& entry : op.group_by->entries) {
      text.group_by.push_back({entry.alias.text, expression_of(*op.group_by, entry)});
    }
  }
  for (const NamedExpression& entry : op.select->entries) {
    text.select.push_back({entry.alias.text, expression_of(*op.select, entry)});
  }
  for (const Text& order : op.order_by) text.order_by.push_back(order.text);
  for (const Text& field : op.limit_by) text.limit_by.push_back(quoted_path(field.text));
  return text;
}

}  // namespace

bool Planner::is_grouped(const OperatorConfig& op) {
  if (op.group_by || op.window || !op.having.empty()) return true;
  if (!op.select) return false;
  for (const NamedExpression& entry : op.select->entries) {
    const auto use = inspect_expression(expression_of(*op.select, entry));
    if (use && use.value().aggregates) return true;
  }
  return false;
}

/// Windows that begin or end at records differ from group to group, and a limit over those that are
/// alike would have to take back rows whenever one of them changes.
bool Planner::refuse_ranked_updates(const OperatorConfig& op, const WindowPlan& plan) {
  if (plan.emit.mode != Mode::kUpdate || !plan.grouped.ranked()) return false;
  faults_.add(op.emit ? op.emit->where : op.name.where,
              "order_by, limit and row_number() over these windows need final results",
              "let it emit \"append\", or rank in an operator behind this one");
  return true;
}

/// A group with the name of a bound is written in its place, so the bound itself is not shown.
bool Planner::refuse_hidden_bound(const OperatorConfig& op, Mode mode) {
  if (!op.window || !op.group_by || mode == Mode::kAppend) return false;
  for (const NamedExpression& group : op.group_by->entries) {
    const std::string& name = group.alias.text;
    if (name != "window_start" && name != "window_end") continue;
    faults_.add(group.expression.where,
                "a group named " + name +
                    " hides this window's own, which is part of what its updates replace",
                "give it another name: {\"upstream_" + name + "\": \"" + name + "\"}");
    return true;
  }
  return false;
}

std::optional<Slicer> Planner::plan_window(const WindowConfig& window) {
  switch (window.kind) {
    case WindowConfig::Kind::kTumbling: return Slicer::tumbling(window.size_us, window.offset_us);
    case WindowConfig::Kind::kHopping:
      return Slicer::hopping(window.size_us, window.every_us, window.offset_us);
    case WindowConfig::Kind::kCumulative:
      return Slicer::cumulative(window.size_us, window.every_us, window.offset_us);
    case WindowConfig::Kind::kCalendar: {
      auto zone = find_zone(window.zone);
      if (!zone) return std::nullopt;
      return Slicer::calendar(Calendar(std::move(zone), calendar_unit(window.unit)));
    }
    case WindowConfig::Kind::kSession:
    case WindowConfig::Kind::kSlidingByRecord: break;  // Not cut by time: planned elsewhere.
  }
  return std::nullopt;
}

std::optional<EmitConfig> Planner::plan_emit(const OperatorConfig& op) {
  EmitConfig emit;
  if (op.emit) {
    emit = *op.emit;
  } else {
    emit.mode = op.window ? Mode::kAppend : Mode::kUpdate;
  }
  if (emit.mode == Mode::kAppend && !op.window && !bounded_[op.name.text]) {
    faults_.add(emit.where, "append without a window needs an input that ends",
                "give it a window, or emit \"update\"");
    return std::nullopt;
  }
  if (emit.retain_us != kTimeMax && !op.window) {
    faults_.add(emit.where, "\"retain\" is about closed windows, and there is no window",
                "give it a window, or leave \"retain\" out");
    return std::nullopt;
  }
  if (emit.mode != Mode::kComplete) {
    if (const Where* where = find_written(op.written, "complete_max_rows")) {
      faults_.add(*where, "only \"emit\": \"complete\" has complete results");
      return std::nullopt;
    }
  }
  if (emit.trigger == EmitConfig::Trigger::kClock) {
    plan_.nondeterministic.push_back(op.name.text + ": emits by the wall clock");
  }
  return emit;
}

/// A row has one column of a name; a group that is also selected is written once.
bool Planner::refuse_hidden_results(const OperatorConfig& op, const GroupedPlan& plan) {
  bool refused = false;
  for (size_t i = 0; i < plan.select.outputs.size(); ++i) {
    const std::string& name = plan.select.output_names[i];
    const auto group = std::find(plan.group_names.begin(), plan.group_names.end(), name);
    if (group == plan.group_names.end()) continue;
    uint32_t column = 0;
    const bool same = plan.select.outputs[i].is_field(column) &&
                      column == static_cast<size_t>(group - plan.group_names.begin());
    if (same) continue;
    faults_.add(op.select->entries[i].expression.where,
                "\"" + name + "\" is a column of group_by, which each row has already",
                "give this one another name");
    refused = true;
  }
  return refused;
}

std::optional<GroupedPlan> Planner::plan_groups(const OperatorConfig& op, const Schema& schema,
                                                std::string& identity) {
  if (!op.select) {
    faults_.add(op.name.where,
                "an operator with group_by or window needs \"select\" with aggregates",
                "for example \"select\": { \"records\": \"count(*)\" }");
    return std::nullopt;
  }
  GroupedPlan plan;
  plan.windowed = op.window.has_value();
  const GroupedText text = text_of(op);
  for (const NamedText& group : text.group_by) plan.group_names.push_back(group.name);
  auto select = compile_grouped(text, schema);
  if (!select) {
    fault(where_of(op, select.error()), select.error());
    return std::nullopt;
  }
  plan.select = std::move(*select);
  if (refuse_hidden_results(op, plan)) return std::nullopt;
  for (const auto* programs : {&plan.select.groups, &plan.select.arguments, &plan.select.filters}) {
    for (const Program& program : *programs) {
      if (program.deterministic()) continue;
      plan_.nondeterministic.push_back(op.name.text + ": " + program.text() +
                                       " reads processing_time()");
    }
  }
  plan.end_in_identity = op.window && op.window->kind == WindowConfig::Kind::kCumulative;
  plan.limit = op.limit;
  plan.complete_max_rows = op.complete_max_rows;
  identity = identity_of(op, text, plan.select);
  return plan;
}

std::optional<WindowPlan> Planner::plan_results(const OperatorConfig& op, const Input& input,
                                                const StagePlan& stage, std::string& identity) {
  const auto emit = plan_emit(op);
  if (!emit || !check_watermark(op.from[0], input)) return std::nullopt;
  const Shape shape = make_stage_shape(input.node->shape(input.port), stage.explode);
  auto grouped = plan_groups(op, shape.schema, identity);
  if (!grouped || refuse_hidden_bound(op, emit->mode)) return std::nullopt;
  WindowPlan plan;
  plan.grouped = std::move(*grouped);
  plan.grouped.mode = emit->mode;
  plan.emit = *emit;
  plan.allowed_lateness_us = op.allowed_lateness_us;
  plan.late = op.late;
  return plan;
}

void Planner::plan_grouped(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  const Input& from = inputs[0];
  if (from.port == Port::kMain && from.node->shape().is_table) {
    return plan_table_groups(op, std::move(inputs), std::move(stage));
  }
  std::optional<Slicer> slicer = Slicer::whole_stream();
  if (op.window && !(slicer = plan_window(*op.window))) return;
  std::string identity;
  auto plan = plan_results(op, inputs[0], stage, identity);
  if (!plan) return;
  add_operator(op,
               plan_.graph.add(std::make_unique<WindowNode>(
                   op.name.text, std::move(inputs), std::move(stage), std::move(*plan), *slicer)),
               identity);
}

}  // namespace millrace
