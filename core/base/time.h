#pragma once

/// Event time: a signed 64-bit count of microseconds from 1970-01-01 UTC (semantics R1).
/// Arithmetic saturates at the two ends, which mean "none" and "end of time".

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

using EventTime = int64_t;

inline constexpr EventTime kTimeNone = std::numeric_limits<int64_t>::min();
inline constexpr EventTime kTimeMax = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kSecondUs = 1'000'000;

/// PostgreSQL's timestamptz begins at 4714-11-24 BC. Its end, 294277-01-01, lies beyond what 64
/// bits count from 1970, so here the end of time is the end.
inline constexpr EventTime kTimestamptzMin = -210866803200000000;
inline constexpr EventTime kTimestamptzEnd = kTimeMax;

inline int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? kTimeMax : kTimeNone;
  return sum;
}
inline int64_t saturating_sub(int64_t a, int64_t b) {
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference)) return b < 0 ? kTimeMax : kTimeNone;
  return difference;
}
/// floor(a / b) toward minus infinity; b > 0.
inline int64_t floor_div(int64_t a, int64_t b) { return a / b - ((a % b != 0) && (a < 0)); }

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
struct CivilDate {
  int64_t year;
  unsigned month, day;
};
CivilDate civil_from_days(int64_t days);

/// RFC 3339 with a mandatory offset and `T` or a blank between date and time; fractions beyond
/// microseconds are cut toward minus infinity. Nothing else is accepted.
std::optional<EventTime> parse_rfc3339(std::string_view text);

/// `2026-11-23T10:00:00Z`, with a fraction only if it is not zero. At most 32 characters.
/// Returns the end of what was written.
char* write_rfc3339(EventTime time, char* out);
std::string format_rfc3339(EventTime time);

}  // namespace millrace
