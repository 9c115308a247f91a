#include "common/http/backoff.h"

#include <algorithm>
#include <cmath>

namespace millrace::http {
namespace {

Micros scaled(Micros duration, double by) {
  return Micros(static_cast<int64_t>(static_cast<double>(duration.count()) * by));
}

}  // namespace

void Backoff::note_failure(Micros now) {
  if (healthy_since_ && now - *healthy_since_ >= settings_.reset_after) {
    failures_ = 0;
    failing_since_.reset();
  }
  healthy_since_.reset();
  if (!failing_since_) failing_since_ = now;
}

Micros Backoff::after_failure(Micros now) {
  note_failure(now);
  // Beyond 2^60 the power only meets `max`.
  const double power = std::pow(settings_.multiplier, std::min(failures_, 60u));
  const double bound = std::min(static_cast<double>(settings_.max.count()),
                                static_cast<double>(settings_.initial.count()) * power);
  ++failures_;
  return Micros(static_cast<int64_t>(settings_.full_jitter ? bound * random_() : bound));
}

Micros Backoff::after_plan(Micros reconnection_time) {
  failures_ = 0;
  failing_since_.reset();
  healthy_since_.reset();
  return reconnection_time + scaled(settings_.initial, settings_.full_jitter ? random_() : 1);
}

Micros Backoff::longest(Micros now) {
  note_failure(now);
  ++failures_;
  return at_least(settings_.max, settings_.max);
}

Micros Backoff::at_least(Micros floor, Micros wait) {
  return std::max(floor, wait) + scaled(floor, random_() * 0.1);
}

bool Backoff::should_give_up(Micros now) const {
  return settings_.give_up_after.count() > 0 && failing_since_ && !healthy_since_ &&
         now - *failing_since_ >= settings_.give_up_after;
}

std::optional<Micros> AuthGrace::refused(Micros now) {
  if (refusals_++ == 0) first_ = now;
  if (refusals_ >= settings_.attempts && now - first_ >= settings_.over) return std::nullopt;
  const uint32_t pauses = std::max(settings_.attempts, 2u) - 1;
  return std::max(retry_max_, settings_.over / pauses + Micros(1));
}

}  // namespace millrace::http
