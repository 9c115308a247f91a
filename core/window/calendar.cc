#include "window/calendar.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr int64_t kDayUs = 86400 * kSecondUs;

}  // namespace

int64_t Calendar::first_day_of_unit(int64_t day) const {
  const CivilDate date = civil_from_days(day);
  switch (unit_) {
    case CalendarUnit::kDay: return day;
    case CalendarUnit::kWeek: return floor_div(day + 3, 7) * 7 - 3;  // Day 0 was a Thursday.
    case CalendarUnit::kMonth: return days_from_civil(date.year, date.month, 1);
    case CalendarUnit::kYear: return days_from_civil(date.year, 1, 1);
  }
  return day;
}

int64_t Calendar::first_day_behind_unit(int64_t first_day) const {
  const CivilDate date = civil_from_days(first_day);
  switch (unit_) {
    case CalendarUnit::kDay: return first_day + 1;
    case CalendarUnit::kWeek: return first_day + 7;
    case CalendarUnit::kMonth:
      return date.month == 12 ? days_from_civil(date.year + 1, 1, 1)
                              : days_from_civil(date.year, date.month + 1, 1);
    case CalendarUnit::kYear: return days_from_civil(date.year + 1, 1, 1);
  }
  return first_day + 1;
}

EventTime Calendar::begin_of(int64_t day) const {
  int64_t midnight = 0;
  if (__builtin_mul_overflow(day, kDayUs, &midnight)) return day < 0 ? kTimeNone : kTimeMax;
  return zone_->first_at_or_after(midnight);
}

Span Calendar::by_rules(EventTime t) const {
  int64_t day = first_day_of_unit(floor_div(zone_->to_local(t), kDayUs));
  Span span{begin_of(day), kTimeNone};
  while (true) {
    day = first_day_behind_unit(day);
    span.end = begin_of(day);
    // The next unit may have begun before the clock went back over midnight.
    if (t < span.end || span.end == kTimeMax) return span;
    span.start = span.end;
  }
}

Span Calendar::find(EventTime t) const {
  Span span = by_rules(t);
  for (const Span& pin : pinned_) {
    if (t >= pin.start && t < pin.end) {
      span = pin;
    } else if (pin.end <= t) {
      span.start = std::max(span.start, pin.end);
    } else {
      span.end = std::min(span.end, pin.start);
    }
  }
  recent_ = {span, recent_[0]};
  return span;
}

void Calendar::pin(const std::vector<Span>& spans) {
  for (const Span& span : spans) {
    if (by_rules(span.start) != span) pinned_.push_back(span);
  }
  std::sort(pinned_.begin(), pinned_.end(),
            [](const Span& a, const Span& b) { return a.start < b.start; });
  pinned_.erase(std::unique(pinned_.begin(), pinned_.end()), pinned_.end());
  recent_ = {};
}

}  // namespace millrace
