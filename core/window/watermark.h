#pragma once

/// The watermark W of one input: "no on-time record with t < W is still to come" (semantics R9).
/// W = max_ts - B, it never falls, and it is judged record by record, so that results do not
/// depend on how the input was cut into batches (R10).
/// Pure. Threads: one.

#include <cstdint>
#include <span>

#include "base/time.h"

namespace millrace {

class Watermark {
 public:
  explicit Watermark(int64_t out_of_orderness_us = 0) : out_of_orderness_us_(out_of_orderness_us) {}

  /// W as it stands.
  EventTime now() const { return now_; }
  /// The largest usable event time seen; kTimeNone before the first.
  EventTime max_time() const { return max_time_; }

  /// Takes one record's time; kTimeNone (unusable) changes nothing (R14).
  void observe(EventTime t) {
    if (t <= max_time_) return;
    max_time_ = t;
    raise(saturating_sub(t, out_of_orderness_us_));
  }

  /// Writes W as it stood before each of `times` into `before`, and W after the last one behind
  /// them: before.size() == times.size() + 1. Times of kTimeNone are skipped.
  void observe_all(std::span<const EventTime> times, std::span<EventTime> before);

  /// The end of bounded input (R20). Only for delivery: it is never stored.
  static constexpr EventTime at_end() { return kTimeMax; }

  /// Moves W forward by decision, not by a record: idle clocks (R18), restore.
  void raise(EventTime w) {
    if (w > now_) now_ = w;
  }
  void restore(EventTime max_time, EventTime w) {
    max_time_ = max_time;
    now_ = w;
  }

 private:
  int64_t out_of_orderness_us_;
  EventTime max_time_ = kTimeNone;
  EventTime now_ = kTimeNone;
};

/// A window that ends at `end` is closed once W >= end + L (R11).
inline bool is_closed(EventTime end, int64_t allowed_lateness_us, EventTime w) {
  return w >= saturating_add(end, allowed_lateness_us);
}

}  // namespace millrace
