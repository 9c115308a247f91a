#pragma once

/// W of an operator that reads several inputs: the smallest of those that count (semantics R15). An
/// idle input does not count, and when it wakes behind W it counts again only from the moment it
/// has caught up (R17). W never falls. Pure. Threads: one.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace millrace {

class InputWatermarks {
 public:
  explicit InputWatermarks(size_t inputs) : counts_(inputs, 1) {}

  /// W with input `i` at w_of(i), which is idle if idle(i).
  template <class WOf, class Idle>
  EventTime take(WOf w_of, Idle idle) {
    EventTime slowest = kTimeMax;
    bool any = false;
    for (size_t i = 0; i < counts_.size(); ++i) {
      const EventTime w = w_of(i);
      if (idle(i)) {
        counts_[i] = 0;
      } else if (w >= held_) {
        counts_[i] = 1;
      }
      if (!counts_[i]) continue;
      any = true;
      slowest = std::min(slowest, w);
    }
    if (any && slowest == kTimeMax) return kTimeMax;  // The end is delivered, never kept (R9).
    if (any) held_ = std::max(held_, slowest);
    return held_;
  }
  /// As of the last take; the end of input apart.
  EventTime held() const { return held_; }

  /// For the commit: one 0 or 1 per input.
  const std::vector<uint8_t>& counts() const { return counts_; }
  /// Flags of another number of inputs are not taken: all count.
  void restore(EventTime held, std::vector<uint8_t> counts) {
    held_ = held;
    if (counts.size() == counts_.size()) counts_ = std::move(counts);
  }

 private:
  EventTime held_ = kTimeNone;
  std::vector<uint8_t> counts_;
};

}  // namespace millrace
