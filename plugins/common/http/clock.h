#pragma once

/// Time as the network code counts it: microseconds of the monotonic clock, passed in by the
/// caller, so that everything which only decides (back-off, grace, schedules) is a pure class.

#include <chrono>
#include <functional>
#include <string>

namespace millrace::http {

using Micros = std::chrono::microseconds;

/// CLOCK_MONOTONIC, the clock of budget.deadline_us.
inline Micros steady_now() {
  return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Microseconds since 1970 UTC.
inline Micros wall_now() {
  return std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch());
}

/// "350 ms", "1.5 s", "30 s", for sentences.
std::string duration_text(Micros duration);

/// Uniform in [0, 1).
using Random = std::function<double()>;
/// Seeded from the system; for everything but tests.
Random system_random();

}  // namespace millrace::http
