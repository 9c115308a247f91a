#pragma once

/// The order of files that are merged (semantics R22, R42): a record waits while another file has
/// an earlier one. One gate per file; it knows the time of the record at the head of the file.

#include "gate.h"
#include "record_time.h"
#include "settings.h"

namespace millrace::file_source {

/// Event times in microseconds, as far as they can be used: what the host will refuse (beyond
/// `bounds` or too far ahead) has no place in the order.
class HeadTimes {
 public:
  static constexpr int64_t kNone = INT64_MIN;

  HeadTimes(const context& ctx, const MergeSettings& settings);
  /// kNone: it goes at once.
  int64_t of(std::string_view record) const;

 private:
  RecordTime times_;
  double from_, to_, max_future_;
};

class HeadGate final : public Gate {
 public:
  /// Both are lent. `clock` null: as fast as taken.
  HeadGate(const HeadTimes& times, Gate* clock) : times_(times), clock_(clock) {}

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
  const HeadTimes& times_;
  Gate* clock_;
  int64_t until_ = HeadTimes::kNone;
  bool inclusive_ = false, waits_for_clock_ = false;
  std::optional<int64_t> head_;
};

}  // namespace millrace::file_source
