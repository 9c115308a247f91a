#pragma once

/// Instants (microseconds since 1970 UTC) as PostgreSQL reads and writes them with TimeZone=UTC and
/// DateStyle=ISO, in PostgreSQL's range. Not read: BC, month names, infinity.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

enum class DatetimeFault : uint8_t {
  kNone,
  kSyntax,  ///< Not a time.
  kField,   ///< A field out of its range: month 13, February 30.
  kRange,   ///< Outside of the years that we hold.
};

/// `2026-11-23`, `2026-11-23 10:00`, `…T10:00:00.5Z`, `… +01:30`, `… UTC`, `epoch`; without a zone:
/// UTC.
DatetimeFault parse_timestamptz(std::string_view text, int64_t& us);
/// `2026-11-23 10:00:00.5+00` at `out` (kNumberTextMax bytes); returns the length.
size_t format_timestamptz(int64_t us, char* out);

/// A broken-down instant in UTC.
struct CivilTime {
  int64_t year;
  uint32_t month, day, hour, minute, second, microsecond;
};
CivilTime civil_time(int64_t us);
int64_t instant_of(const CivilTime& civil);
/// Days since 1970-01-01, negative before it.
int64_t day_of(int64_t us);

}  // namespace millrace
