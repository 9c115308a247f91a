#pragma once

/// When `{"update": {"every": …}}` and complete emit (semantics R25): running event time crosses a
/// multiple of `every`, or the wall clock does.
/// Threads: the applying one.

#include "config/pipeline_config.h"

namespace millrace {

class EmitTimer {
 public:
  explicit EmitTimer(const EmitConfig& emit) : trigger_(emit.trigger), every_us_(emit.every_us) {}

  /// A record at `t` came. The first one crosses nothing, because nothing came before it.
  bool crosses(EventTime t) {
    if (trigger_ != EmitConfig::Trigger::kEventTime || t <= running_) return false;
    const bool crossed =
        running_ != kTimeNone && floor_div(t, every_us_) > floor_div(running_, every_us_);
    running_ = t;
    return crossed;
  }
  bool clock_due(int64_t clock_us) {
    if (trigger_ != EmitConfig::Trigger::kClock) return false;
    const bool due = clock_at_us_ != 0 && clock_us >= clock_at_us_;
    if (due || clock_at_us_ == 0) clock_at_us_ = (floor_div(clock_us, every_us_) + 1) * every_us_;
    return due;
  }
  /// Largest event time that came; kTimeNone before the first, and where it is not asked for.
  EventTime running() const { return running_; }
  void restore(EventTime running) { running_ = running; }

 private:
  EmitConfig::Trigger trigger_;
  int64_t every_us_;
  EventTime running_ = kTimeNone;
  int64_t clock_at_us_ = 0;  ///< 0: the clock was not looked at yet.
};

}  // namespace millrace
