#pragma once

/// How long to wait before the next attempt. Pure: the caller brings the time, the random numbers
/// are injected. Full jitter (H7): wait = uniform(0, min(max, initial * multiplier^n)), so that a
/// thousand clients cut at the same moment do not come back at the same moment.

#include <optional>

#include "common/http/settings.h"

namespace millrace::http {

class Backoff {
 public:
  Backoff(const RetrySettings& settings, Random random)
      : settings_(settings), random_(std::move(random)) {}

  /// A connection works from `now` on. Held for `reset_after` it wipes out earlier failures.
  void healthy(Micros now) { healthy_since_ = now; }
  /// The wait after an attempt that failed, or after a working connection that ended.
  Micros after_failure(Micros now);
  /// The wait after a stream was cut: never less than `reconnection_time`, never in step with
  /// others (S23, D5).
  Micros after_cut(Micros now, Micros reconnection_time) {
    return reconnection_time + after_failure(now);
  }
  /// The wait after a connection that we ended ourselves: not a failure, but not in step either.
  Micros after_plan(Micros reconnection_time);
  /// The wait after something that only time can mend: `max`, and up to a tenth more.
  Micros longest(Micros now);
  /// At least `floor` (a Retry-After), and up to a tenth more (H4).
  Micros at_least(Micros floor, Micros wait);

  uint32_t failures() const { return failures_; }
  /// Nothing has worked for `give_up_after`.
  bool should_give_up(Micros now) const;
  double random() { return random_(); }

 private:
  void note_failure(Micros now);
  RetrySettings settings_;
  Random random_;
  uint32_t failures_ = 0;  ///< In a row.
  std::optional<Micros> healthy_since_, failing_since_;
};

/// Refusals that may be a deployment in progress or may be for good: tried again a few times, far
/// apart, then fatal (`auth_grace`, §1.3). Pure.
class AuthGrace {
 public:
  AuthGrace(const GraceSettings& settings, Micros retry_max)
      : settings_(settings), retry_max_(retry_max) {}

  /// One more refusal. The wait before the next attempt; nullopt: it is fatal now.
  std::optional<Micros> refused(Micros now);
  void accepted() { refusals_ = 0; }
  uint32_t refusals() const { return refusals_; }

 private:
  GraceSettings settings_;
  Micros retry_max_;
  uint32_t refusals_ = 0;
  Micros first_{0};
};

}  // namespace millrace::http
