#include "nodes/event_times.h"

#include <charconv>

#include "columns/cell_parse.h"

namespace millrace {
namespace {

using Unit = EventTimeConfig::Unit;

/// Decimal places from the unit to microseconds.
int scale_of(Unit unit) {
  switch (unit) {
    case Unit::kSeconds: return 6;
    case Unit::kMillis: return 3;
    case Unit::kNanos: return -3;
    default: return 0;
  }
}

bool counts(Unit unit) { return unit != Unit::kRfc3339 && unit != Unit::kLocal; }

/// How the decoder makes times of the field. A local time is decoded as text: its pattern is ours.
CellFormat format_of(Unit unit) {
  switch (unit) {
    case Unit::kSeconds: return CellFormat::kTimeSeconds;
    case Unit::kMillis: return CellFormat::kTimeMillis;
    case Unit::kMicros: return CellFormat::kTimeMicros;
    case Unit::kNanos: return CellFormat::kTimeNanos;
    case Unit::kLocal: return CellFormat::kText;
    case Unit::kRfc3339: break;
  }
  return CellFormat::kTimeRfc3339;
}

}  // namespace

WantedField wanted_time(const EventTimePlan& plan) {
  return {plan.path, plan.local ? Type::kText : Type::kTimestamptz, format_of(plan.unit)};
}

EventTimes::EventTimes(const EventTimePlan& plan) : plan_(plan) {
  if (plan.local) local_.emplace(*plan.local);
}

std::optional<EventTime> EventTimes::from_text(std::string_view text) {
  if (local_) return local_->read(text);
  if (plan_.unit == Unit::kRfc3339) return parse_rfc3339(text);
  return decimal_to_int(text, scale_of(plan_.unit), false);
}

std::optional<EventTime> EventTimes::convert(const Column& column, uint32_t row) {
  const uint32_t at = column.constant ? 0 : row;
  if (column.type == Type::kTimestamptz) return column.ints[at];
  if (column.type == Type::kText) return from_text(column.texts[at]);
  const bool whole = column.type == Type::kInt4 || column.type == Type::kInt8;
  if (!counts(plan_.unit) || (!whole && column.type != Type::kFloat8)) return std::nullopt;
  // As the JSON number would be read: by its digits, without a rounding of our own.
  char digits[40];
  const auto written = whole ? std::to_chars(digits, digits + sizeof digits, column.ints[at])
                             : std::to_chars(digits, digits + sizeof digits, column.floats[at]);
  return decimal_to_int({digits, static_cast<size_t>(written.ptr - digits)}, scale_of(plan_.unit),
                        false);
}

const char* EventTimes::of_record(const Column* field, uint32_t row, EventTime own, int64_t now_us,
                                  EventTime& time) {
  if (plan_.constant) {
    time = *plan_.constant;
    return nullptr;
  }
  if (field) return read(*field, row, now_us, time);
  time = own;
  return plan_.configured ? fault_of(own, now_us) : nullptr;
}

const char* EventTimes::read(const Column& column, uint32_t row, int64_t now_us, EventTime& time) {
  time = kTimeNone;
  if (!column.valid(row)) {
    return column.cell(row) == kNull ? "there is no event time" : "the event time cannot be read";
  }
  const std::optional<EventTime> found = convert(column, row);
  if (!found || *found < kTimestamptzMin || *found >= kTimestamptzEnd)
    return "the event time cannot be read";
  time = *found;
  return fault_of(time, now_us);
}

const char* EventTimes::fault_of(EventTime time, int64_t now_us) const {
  if (time == kTimeNone) return "there is no event time";
  if (time < plan_.bounds_from || time >= plan_.bounds_to) return "event time is outside of bounds";
  if (time > saturating_add(now_us, plan_.max_future_us))
    return "event time is further ahead than max_future";
  return nullptr;
}

}  // namespace millrace
