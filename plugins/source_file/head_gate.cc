#include "head_gate.h"

#include <time.h>

#include <cmath>
#include <limits>

namespace millrace::file_source {
namespace {

constexpr double kDaySeconds = 86400;
constexpr double kMicros = 1e6;

double wall_clock_seconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec);
}

}  // namespace

/// Local times are taken without their zone, so limits that have one are a day wider.
HeadTimes::HeadTimes(const context& ctx, const MergeSettings& settings)
    : times_(ctx, settings.time_field, settings.unit),
      from_(-std::numeric_limits<double>::infinity()),
      to_(std::numeric_limits<double>::infinity()),
      max_future_(settings.max_future_seconds) {
  const double slack = times_.is_local() ? kDaySeconds : 0;
  if (const auto from = seconds_of_bound(settings.from)) from_ = *from - slack;
  if (const auto to = seconds_of_bound(settings.to)) to_ = *to + slack;
  max_future_ += slack;
}

int64_t HeadTimes::of(std::string_view record) const {
  const std::optional<double> time = times_.seconds_of(record);
  if (!time || !(*time >= from_ && *time < to_)) return kNone;
  if (*time > wall_clock_seconds() + max_future_) return kNone;
  const double micros = std::floor(*time * kMicros + 0.5);
  return std::abs(micros) < 9e18 ? static_cast<int64_t>(micros) : kNone;
}

bool HeadGate::may_go(std::string_view record) {
  if (!head_) head_ = times_.of(record);
  const bool first =
      *head_ == HeadTimes::kNone || *head_ < until_ || (*head_ == until_ && inclusive_);
  waits_for_clock_ = first && clock_ && !clock_->may_go(record);
  if (!first || waits_for_clock_) return false;
  head_.reset();
  return true;
}

}  // namespace millrace::file_source
