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

/// The same texts as a wall's clock: a zone is read and does not count.
DatetimeFault parse_timestamp(std::string_view text, int64_t& us);
size_t format_timestamp(int64_t us, char* out);
/// The same texts as a day: a time of day is read and does not count.
DatetimeFault parse_date(std::string_view text, int64_t& day);
size_t format_date(int64_t day, char* out);
/// PostgreSQL's dates, in days since 1970: 4714-11-24 BC up to, not including, 5874898-01-01.
inline constexpr int64_t kDateMin = -2440588, kDateEnd = 2145042906;

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
