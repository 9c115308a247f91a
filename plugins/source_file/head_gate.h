#pragma once

/// The order of files that are merged (semantics R22, R42): a record waits while another file has
/// an earlier one. One gate per file; it knows the time of the record at the head of the file, in
/// microseconds, as the host reads it. A record without a time that can be used goes at once.

#include <millrace/cpp/event_times.hpp>
#include <optional>

#include "gate.h"

namespace millrace::file_source {

class HeadGate final : public Gate {
 public:
  /// Both are lent. `clock` null: as fast as taken.
  HeadGate(const event_times& times, Gate* clock) : times_(times), clock_(clock) {}

  /// Records up to `time` may go, those at it only with `inclusive`.
  void open_until(int64_t time, bool inclusive) {
    until_ = time;
    inclusive_ = inclusive;
  }
  bool may_go(std::string_view record) override;

  /// The record that waits; nullopt: none was seen yet.
  std::optional<int64_t> head() const { return head_; }
  /// It waits for the clock, not for other files.
  bool waits_for_clock() const { return waits_for_clock_; }

 private:
  const event_times& times_;
  Gate* clock_;
  int64_t until_ = MR_TIME_NONE;
  bool inclusive_ = false, waits_for_clock_ = false;
  std::optional<int64_t> head_;
};

}  // namespace millrace::file_source
