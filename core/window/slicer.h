#pragma once

/// Which windows a time belongs to. Windows are half-open [start, end) (semantics R2). Time is cut
/// into slices at every window start and end, so that a record is folded once whatever the
/// overlap: a window is a run of whole slices, and closing it combines them (R4, R47).
/// Every kind here has at most one window per end, so windows are ordered by their ends.
/// Pure; times near the ends of int64 saturate. Threads: one (a calendar remembers where it was).

#include <optional>

#include "window/calendar.h"
#include "window/span.h"

namespace millrace {

/// Largest multiple of `step`, shifted by `offset`, that is <= t (R3: floor, not truncation).
EventTime floor_to(EventTime t, int64_t step, int64_t offset);

class Slicer {
 public:
  /// Size S, offset O; any O, only its remainder by S counts (R3).
  static Slicer tumbling(int64_t size, int64_t offset);
  /// Size S every H, 0 < H <= S; S need not be a multiple of H (R4).
  static Slicer hopping(int64_t size, int64_t every, int64_t offset);
  /// Windows [s, s + k*every) for k = 1..S/every (R40). S is a multiple of `every`.
  static Slicer cumulative(int64_t size, int64_t every, int64_t offset);
  /// Units of a calendar (R8).
  static Slicer calendar(Calendar calendar);
  /// One window over all time, which only the end of input closes.
  static Slicer whole_stream();

  /// The slice that holds `t`.
  Span slice_of(EventTime t) const;
  /// The first window, by end, whose end is after `t`. If `t` starts a slice, that window holds it.
  Span first_window_ending_after(EventTime t) const;
  /// Largest end of the windows that hold `t`: a record is late once all of them closed (R12).
  EventTime last_end_of(EventTime t) const;
  /// Windows of several slices start at offset + k * every (a cumulative one at some of these) and
  /// are at most `size` long. None: one slice per window.
  struct Grid {
    int64_t every, offset, size;
  };
  std::optional<Grid> grid() const;
  /// True if every window is one slice: a closed window is read, not combined.
  bool one_slice_per_window() const {
    return kind_ != Kind::kHopping && kind_ != Kind::kCumulative;
  }
  /// Null: the windows follow no calendar.
  Calendar* find_calendar() { return calendar_ ? &*calendar_ : nullptr; }
  const Calendar* find_calendar() const { return calendar_ ? &*calendar_ : nullptr; }

 private:
  enum class Kind { kTumbling, kHopping, kCumulative, kCalendar, kWhole };
  Slicer(Kind kind, int64_t size, int64_t every, int64_t offset)
      : kind_(kind), size_(size), every_(every), offset_(offset) {}

  Kind kind_;
  int64_t size_, every_, offset_;
  std::optional<Calendar> calendar_;  ///< kCalendar.
};

}  // namespace millrace
