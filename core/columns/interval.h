#pragma once

/// Intervals as PostgreSQL holds them: months, days and microseconds apart, since a month has no
/// fixed length and a day may have 23 hours. A cell is the value's 16 bytes.
/// Pure functions; threads: any.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/int128.h"
#include "columns/datetime.h"

namespace millrace {

struct IntervalValue {
  int64_t us = 0;
  int32_t days = 0;
  int32_t months = 0;

  /// What PostgreSQL compares: a month counts as 30 days, a day as 24 hours. Microseconds.
  int128 span() const {
    constexpr int64_t kDayUs = 86'400'000'000;
    return (static_cast<int128>(months) * 30 + days) * kDayUs + us;
  }
};
static_assert(sizeof(IntervalValue) == 16);

inline IntervalValue interval_of(std::string_view cell) {
  IntervalValue value;
  std::memcpy(&value, cell.data(), sizeof(value));
  return value;
}
/// Writes the 16 bytes at `to`.
inline std::string_view store_interval(const IntervalValue& value, char* to) {
  std::memcpy(to, &value, sizeof(value));
  return {to, sizeof(value)};
}

/// The one interval that stands for all of the same span: carried upwards as far as it goes.
IntervalValue justified_interval(const IntervalValue& value);

/// `1 day 02:03:04.5`, `1 year 2 mons`, `3 hours ago`, `1-2`, `P1Y2M3DT4H5M6S`; units as in
/// PostgreSQL, down to microseconds and up to millennia; fractions are spread downwards.
DatetimeFault parse_interval(std::string_view text, IntervalValue& value);

/// `1 year 2 mons 3 days 04:05:06.789` (intervalstyle postgres).
inline constexpr size_t kIntervalTextMax = 100;
size_t format_interval(const IntervalValue& value, char* out);

}  // namespace millrace
