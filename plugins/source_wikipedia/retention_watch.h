#pragma once

/// Notices that the service no longer had what was asked for: a time older than its retention
/// silently starts at the oldest event it keeps (WK8). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source_wikipedia/topic_times.h"

namespace millrace::wikipedia {

class RetentionWatch {
 public:
  struct Gap {
    int64_t from_ms, to_ms;
  };

  /// Resumed by header. The last event that was seen lies behind the asked time, so it must come
  /// again; an active topic that begins later than that, and by more than a minute than asked, has
  /// lost something.
  void expect_resume(const TopicTimes& times, int64_t overlap_ms);
  /// Asked for everything from `since_ms` on. The stream may be quiet for `quiet_ms`; 0: for how
  /// long is not known, so nothing can be told.
  void expect_since(int64_t since_ms, int64_t quiet_ms);
  /// The position was given up: everything from `from_ms` to the next event is lost.
  void expect_loss(int64_t from_ms);
  void expect_nothing() { kind_ = Kind::kNone; }

  /// An event came. The gap before it, at most once for each expectation.
  std::optional<Gap> saw(std::string_view topic, int64_t kafka_ms, bool is_canary);

 private:
  enum class Kind { kNone, kResume, kSince, kLoss };
  Kind kind_ = Kind::kNone;
  std::string topic_;
  int64_t from_ms_ = 0;
  int64_t latest_ms_ = 0;  ///< Of the first event, if nothing is lost.
};

}  // namespace millrace::wikipedia
