#pragma once

/// Fields of times by their names: `hour`, `week`, `isodow`… Private to this room.

#include <cstdint>
#include <optional>
#include <string_view>

#include "columns/interval.h"
#include "functions/function.h"

namespace millrace {

enum class Unit : uint8_t {
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kEpoch,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kIsoYear,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
};

/// Capitals do not count.
std::optional<Unit> unit_of(std::string_view name);

/// The unit that a row names in its first argument; looked up once if it is constant.
class UnitOf {
 public:
  explicit UnitOf(const KernelCall& call) : names_(*call.args[0]) {
    if (names_.constant) unit_ = unit_of(names_.texts[0]);
  }
  std::string_view name(uint32_t row) const { return names_.texts[names_.constant ? 0 : row]; }
  std::optional<Unit> unit(uint32_t row) const {
    return names_.constant ? unit_ : unit_of(name(row));
  }

 private:
  const Column& names_;
  std::optional<Unit> unit_;
};

/// The row asked for a unit that is not `known`, or that its type does not have.
void fail_unit(const KernelCall& call, uint32_t row, std::string_view name, bool known, Type type);

/// The start of the unit that holds the instant of a UTC (or wall) clock; nothing: no such cut.
std::optional<int64_t> truncate_time(int64_t us, Unit unit);
std::optional<IntervalValue> truncate_interval(const IntervalValue& value, Unit unit);

/// value / 10^scale.
struct FieldValue {
  int64_t value;
  int32_t scale = 0;
};
/// The field of a time; nothing: it has no such field. `zoned`: it also has a time zone, UTC.
std::optional<FieldValue> field_of_time(int64_t us, Unit unit, bool zoned);
std::optional<FieldValue> field_of_date(int64_t day, Unit unit);
std::optional<FieldValue> field_of_interval(const IntervalValue& value, Unit unit);

// Of days since 1970.

/// 0 = Sunday.
int64_t day_of_week(int64_t day);
/// The Monday of the first ISO week of a year.
int64_t first_iso_monday(int64_t year);
int64_t iso_year(int64_t day);
int64_t iso_week(int64_t day);

}  // namespace millrace
