#include "operators/calendar_spans.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::string_view kKey = "calendar";

}  // namespace

void save_calendar_spans(WindowGroups& groups, const std::vector<EventTime>& ends,
                         JsonValue& meta) {
  const Calendar* calendar = groups.slicer().find_calendar();
  if (!calendar) return;
  std::vector<Span> spans = calendar->pinned();
  for (const auto& [start, slice] : groups.slices()) spans.push_back(slice.span());
  for (const EventTime end : ends) spans.push_back(calendar->span_of(end - 1));
  if (groups.fired_upto() > kTimestamptzMin) {
    // The last window that is past, so that a new rule cannot stretch it and open it again.
    const Span here = calendar->span_of(groups.fired_upto());
    spans.push_back(calendar->span_of(here.start - 1));
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.start < b.start; });
  spans.erase(std::unique(spans.begin(), spans.end()), spans.end());
  JsonValue& stored = meta.set(kKey, JsonValue::array());
  for (const Span& span : spans) {
    stored.push_back(
        JsonValue::array({JsonValue::integer(span.start), JsonValue::integer(span.end)}));
  }
}

bool restore_calendar_spans(const JsonValue& meta, WindowGroups& groups) {
  const JsonValue* stored = meta.find(kKey);
  Calendar* calendar = groups.slicer().find_calendar();
  if (!stored || !calendar) return true;
  if (!stored->is_array()) return false;
  std::vector<Span> spans;
  for (const JsonValue& one : stored->items()) {
    if (!one.is_array() || one.items().size() != 2) return false;
    const JsonValue &start = one.items()[0], &end = one.items()[1];
    if (!start.is_int() || !end.is_int()) return false;
    spans.push_back({start.as_int(), end.as_int()});
  }
  calendar->pin(spans);
  return true;
}

}  // namespace millrace
