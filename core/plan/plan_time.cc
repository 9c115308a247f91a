// Zones, patterns and bounds of event times.
#include "base/spelling.h"
#include "plan/planner.h"

namespace millrace {
namespace {

/// A column of that type can hold times in that unit.
bool holds_times(Type type, EventTimeConfig::Unit unit) {
  using Unit = EventTimeConfig::Unit;
  if (type == Type::kText || type == Type::kTimestamptz) return true;
  const bool number = type == Type::kInt4 || type == Type::kInt8 || type == Type::kFloat8;
  return number && unit != Unit::kRfc3339 && unit != Unit::kLocal;
}

/// Fields that can be written, those for explode only left out.
std::vector<std::string> field_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields()) {
    if (!field.name.ends_with("()")) names.push_back(field.name);
  }
  return names;
}

}  // namespace

std::shared_ptr<const Zone> Planner::find_zone(const Text& name) {
  auto zone = Zone::find(name.text);
  if (!zone) {
    faults_.add(name.where, zone.error().message);
    return nullptr;
  }
  if (plan_.graph.tzdata.empty()) plan_.graph.tzdata = tzdata_version();
  return std::move(*zone);
}

bool Planner::settle_time_plan(const EventTimeConfig& time, EventTimePlan& plan) {
  plan.unit = time.unit;
  plan.constant = time.constant;
  plan.out_of_orderness_us = time.out_of_orderness_us;
  plan.max_future_us = time.max_future_us;
  if (time.unit == EventTimeConfig::Unit::kLocal) {
    auto pattern = LocalPattern::compile(time.pattern.text);
    if (!pattern) faults_.add(time.pattern.where, pattern.error().message);
    auto zone = find_zone(time.zone);
    if (!pattern || !zone) return false;
    plan.local = LocalTimeFormat{std::move(zone), std::move(*pattern), time.ambiguous};
  }
  if (!time.bounds) return true;
  // A bound without an offset is a reading of the unit's clock (E14).
  const auto instant = [&](const TimeBound& bound) {
    return plan.local && !bound.has_offset ? plan.local->zone->to_utc(bound.time).earlier
                                           : bound.time;
  };
  plan.bounds_from = instant((*time.bounds)[0]);
  plan.bounds_to = instant((*time.bounds)[1]);
  if (plan.bounds_from < plan.bounds_to) return true;
  faults_.add((*time.bounds)[0].where, "the first bound must be before the second",
              "bounds are [from, to)");
  return false;
}

std::optional<RetimePlan> Planner::plan_retime(const EventTimeConfig& time, const Shape& made) {
  RetimePlan plan;
  if (time.constant) {
    faults_.add(time.where, "\"constant\" is the event time of a source",
                "set it there, on the list that has no times");
    return std::nullopt;
  }
  if (time.field.empty()) {
    faults_.add(time.where, "the event time of an operator needs \"field\"", "a field of its rows");
    return std::nullopt;
  }
  const auto field = made.schema.find(time.field.text);
  if (!field || time.field.text.ends_with("()")) {
    const auto near = nearest_name(time.field.text, field_names(made.schema));
    faults_.add(time.field.where, "rows of this operator have no field \"" + time.field.text + "\"",
                near ? "did you mean \"" + *near + "\"?" : "add it to \"select\"");
    return std::nullopt;
  }
  plan.field = *field;
  const Type type = made.schema[*field].type;
  if (!time.unit_written && type != Type::kTimestamptz) {
    faults_.add(time.where, "\"unit\" is missing: what is the time counted in?",
                "one of s, ms, us, ns, rfc3339, local:ZONE:PATTERN");
    return std::nullopt;
  }
  if (!holds_times(type, time.unit)) {
    faults_.add(time.field.where,
                "\"" + time.field.text + "\" is " + std::string(type_name(type)) +
                    ", which holds no times in that unit",
                "text, timestamptz, or a number counted in s, ms, us or ns");
    return std::nullopt;
  }
  if (!settle_time_plan(time, plan.time)) return std::nullopt;
  return plan;
}

Input Planner::by_clock(const OperatorConfig& op, const Input& input) {
  plan_.nondeterministic.push_back(op.name.text + ": windows go by the wall clock");
  auto* node = plan_.graph.add(std::make_unique<ProcessingTimeNode>(op.name.text, input));
  plan_.graph.clocks.push_back(node);
  return {node, Port::kMain};
}

}  // namespace millrace
