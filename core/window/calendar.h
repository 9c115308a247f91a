#pragma once

/// Days, weeks (from Monday), months and years of a time zone (semantics R8). A unit begins at the
/// first instant whose local date is its first date, and ends where the next one begins: a day may
/// have 23 or 25 hours, begin at 01:00 where midnight is skipped, or be empty. Where the clock goes
/// back over midnight, the repeated hour belongs to the day that had begun.
/// Rules change with the zone database. Spans that were in use can be pinned: the calendar keeps
/// them as they were, and units around them are cut short instead of overlapping. Threads: one: it
/// remembers where the last times fell, so that most need no zone.

#include <array>
#include <memory>
#include <vector>

#include "base/zone.h"
#include "window/span.h"

namespace millrace {

enum class CalendarUnit { kDay, kWeek, kMonth, kYear };

class Calendar {
 public:
  Calendar(std::shared_ptr<const Zone> zone, CalendarUnit unit)
      : zone_(std::move(zone)), unit_(unit) {}

  /// The unit that holds `t`, never an empty one.
  Span span_of(EventTime t) const {
    for (const Span& recent : recent_) {
      if (t >= recent.start && t < recent.end) return recent;
    }
    return find(t);
  }

  /// These spans, which overlap neither each other nor earlier pins, stay what they are. Those that
  /// the rules give anyway are not remembered.
  void pin(const std::vector<Span>& spans);
  /// Ascending.
  const std::vector<Span>& pinned() const { return pinned_; }

 private:
  Span find(EventTime t) const;
  Span by_rules(EventTime t) const;
  int64_t first_day_of_unit(int64_t day) const;
  int64_t first_day_behind_unit(int64_t first_day) const;
  EventTime begin_of(int64_t day) const;

  std::shared_ptr<const Zone> zone_;
  CalendarUnit unit_;
  std::vector<Span> pinned_;
  /// Disorder around the end of a unit needs two; they never show in a result.
  mutable std::array<Span, 2> recent_{{{0, 0}, {0, 0}}};
};

}  // namespace millrace
