#include "replay_clock.h"

#include <time.h>

namespace millrace::file_source {
namespace {

double monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

ReplayClock::ReplayClock(const context& ctx, const ReplaySettings& settings)
    : speed_(settings.speed), times_(ctx, settings.time_field, settings.unit) {}

bool ReplayClock::may_go(std::string_view record) {
  const std::optional<double> time = times_.seconds_of(record);
  if (!time) return true;
  if (!first_) {
    first_ = *time;
    started_ = monotonic_seconds();
  }
  return monotonic_seconds() >= started_ + (*time - *first_) / speed_;
}

}  // namespace millrace::file_source
