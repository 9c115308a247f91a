#include <string>

#include "base/time.h"
#include "config/resolve.h"

namespace millrace {
namespace {

using Unit = EventTimeConfig::Unit;

constexpr std::array<const char*, 5> kUnits = {"s", "ms", "us", "ns", "rfc3339"};
constexpr std::array<const char*, 3> kAmbiguous = {"earlier", "later", "reject"};
constexpr const char* kUnitForms = "one of s, ms, us, ns, rfc3339 or local:ZONE:PATTERN";

/// A date, a date with time, or either with an offset. Without one it is read as if UTC.
std::optional<TimeBound> parse_bound(const std::string& text) {
  if (const auto time = parse_rfc3339(text)) return TimeBound{*time, true, {}};
  if (const auto time = parse_rfc3339(text + "Z")) return TimeBound{*time, false, {}};
  if (const auto time = parse_rfc3339(text + "T00:00:00Z")) return TimeBound{*time, false, {}};
  return std::nullopt;
}

/// `local:ZONE:PATTERN`; the pattern may hold colons.
bool read_local(const Text& unit, EventTimeConfig& out) {
  constexpr std::string_view kPrefix = "local:";
  if (!unit.text.starts_with(kPrefix)) return false;
  const size_t colon = unit.text.find(':', kPrefix.size());
  if (colon == std::string::npos || colon == kPrefix.size()) return false;
  out.unit = Unit::kLocal;
  out.zone = {unit.text.substr(kPrefix.size(), colon - kPrefix.size()), unit.where};
  out.pattern = {unit.text.substr(colon + 1), unit.where};
  return !out.pattern.empty();
}

void read_unit(const ConfigNode& node, EventTimeConfig& out, Faults& faults) {
  const Text unit = node.text("unit");
  if (unit.empty()) return;
  out.unit_written = true;
  if (const auto known = node.word<Unit>("unit", kUnits)) {
    out.unit = *known;
  } else if (unit.text.starts_with("local:")) {
    if (read_local(unit, out)) return;
    faults.add(unit.where, "expected local:ZONE:PATTERN, found \"" + unit.text + "\"",
               "e.g. local:America/New_York:%Y-%m-%d %H:%M:%S");
  } else {
    faults.add(unit.where, std::string("expected ") + kUnitForms + ", found \"" + unit.text + "\"",
               spelling_hint(unit.text, {kUnits.begin(), kUnits.end()}));
  }
}

void read_bounds(const ConfigNode& node, EventTimeConfig& out, Faults& faults) {
  const std::vector<ConfigNode> items = node.child("bounds").items();
  if (items.size() != 2) return;
  std::array<TimeBound, 2> bounds;
  for (size_t i = 0; i < 2; ++i) {
    if (!items[i].is_string()) return;
    const Text text = items[i].text();
    const std::optional<TimeBound> bound = parse_bound(text.text);
    if (!bound) {
      faults.add(text.where, "expected a date or a time, found \"" + text.text + "\"",
                 "e.g. \"2015-10-31\", \"2015-10-31T00:00:00\" or \"2015-10-31T00:00:00Z\"");
      return;
    }
    bounds[i] = *bound;
    bounds[i].where = text.where;
  }
  // With and without offset cannot be compared before the zone is known.
  if (bounds[0].has_offset == bounds[1].has_offset && bounds[0].time >= bounds[1].time) {
    faults.add(node.child("bounds").where(), "the first bound must be before the second",
               "bounds are [from, to)");
    return;
  }
  out.bounds = bounds;
}

void read_constant(const ConfigNode& node, EventTimeConfig& out, Faults& faults) {
  const Text text = node.text("constant");
  if (text.empty()) return;
  for (const char* key : {"field", "unit", "ambiguous", "bounds", "out_of_orderness"}) {
    if (!node.child(key).is_written()) continue;
    faults.add(node.child(key).where_key(), "has no meaning beside \"constant\"",
               "every record has that time");
  }
  auto time = parse_rfc3339(text.text);
  if (!time) time = parse_rfc3339(text.text + "T00:00:00Z");
  if (!time) {
    faults.add(text.where, "expected a date, or a time with an offset, found \"" + text.text + "\"",
               "e.g. \"1970-01-01\" or \"1970-01-01T00:00:00Z\"");
    return;
  }
  out.constant = *time;
  out.field = {};  // The plugin's.
  out.out_of_orderness_us = 0;
}

}  // namespace

EventTimeConfig resolve_event_time(const ConfigNode& node, Faults& faults) {
  EventTimeConfig out;
  out.where = node.where_key();
  out.field = node.text("field");
  read_unit(node, out, faults);
  out.ambiguous = node.word<EventTimeConfig::Ambiguous>("ambiguous", kAmbiguous)
                      .value_or(EventTimeConfig::Ambiguous::kEarlier);
  out.out_of_orderness_us = node.duration("out_of_orderness").value_or(0);
  out.idle_timeout_us = node.duration("idle_timeout");
  if (node.text("idle_timeout").text == "none") out.idle_timeout_us = kTimeMax;
  out.max_future_us = node.duration("max_future").value_or(out.max_future_us);
  read_bounds(node, out, faults);
  read_constant(node, out, faults);
  return out;
}

}  // namespace millrace
