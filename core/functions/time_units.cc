#include "functions/time_units.h"

#include <array>
#include <string>

#include "base/time.h"
#include "columns/datetime.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                  kDay = 24 * kHour;

struct UnitName {
  std::string_view name;
  Unit unit;
};
constexpr std::array kUnits = {
    UnitName{"microseconds", Unit::kMicrosecond},
    UnitName{"microsecond", Unit::kMicrosecond},
    UnitName{"us", Unit::kMicrosecond},
    UnitName{"milliseconds", Unit::kMillisecond},
    UnitName{"millisecond", Unit::kMillisecond},
    UnitName{"ms", Unit::kMillisecond},
    UnitName{"second", Unit::kSecond},
    UnitName{"seconds", Unit::kSecond},
    UnitName{"minute", Unit::kMinute},
    UnitName{"minutes", Unit::kMinute},
    UnitName{"hour", Unit::kHour},
    UnitName{"hours", Unit::kHour},
    UnitName{"day", Unit::kDay},
    UnitName{"days", Unit::kDay},
    UnitName{"week", Unit::kWeek},
    UnitName{"weeks", Unit::kWeek},
    UnitName{"month", Unit::kMonth},
    UnitName{"months", Unit::kMonth},
    UnitName{"quarter", Unit::kQuarter},
    UnitName{"year", Unit::kYear},
    UnitName{"years", Unit::kYear},
    UnitName{"decade", Unit::kDecade},
    UnitName{"century", Unit::kCentury},
    UnitName{"millennium", Unit::kMillennium},
    UnitName{"epoch", Unit::kEpoch},
    UnitName{"dow", Unit::kDayOfWeek},
    UnitName{"isodow", Unit::kIsoDayOfWeek},
    UnitName{"doy", Unit::kDayOfYear},
    UnitName{"isoyear", Unit::kIsoYear},
    UnitName{"timezone", Unit::kTimezone},
    UnitName{"timezone_hour", Unit::kTimezoneHour},
    UnitName{"timezone_minute", Unit::kTimezoneMinute},
    UnitName{"usec", Unit::kMicrosecond},
    UnitName{"usecs", Unit::kMicrosecond},
    UnitName{"msec", Unit::kMillisecond},
    UnitName{"msecs", Unit::kMillisecond},
    UnitName{"sec", Unit::kSecond},
    UnitName{"secs", Unit::kSecond},
    UnitName{"min", Unit::kMinute},
    UnitName{"mins", Unit::kMinute},
    UnitName{"hr", Unit::kHour},
    UnitName{"hrs", Unit::kHour},
    UnitName{"mon", Unit::kMonth},
    UnitName{"mons", Unit::kMonth},
    UnitName{"decades", Unit::kDecade},
    UnitName{"centuries", Unit::kCentury},
    UnitName{"millennia", Unit::kMillennium},
};

int64_t floor_to(int64_t us, int64_t step) {
  const int64_t rest = us % step;
  return us - (rest < 0 ? rest + step : rest);
}

int64_t month_start(int64_t year, uint32_t month) {
  return instant_of({year, month, 1, 0, 0, 0, 0});
}

int64_t monday_of(int64_t day) { return day - (day_of_week(day) + 6) % 7; }

/// Years count from 1: decade and beyond start as PostgreSQL starts them.
int64_t year_group_start(int64_t year, int64_t size) {
  if (size == 10) return year >= 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
  return year > 0 ? (year - 1) / size * size + 1 : -((size - 1 - (year - 1)) / size) * size + 1;
}

/// Years count from 1 to both sides of the start of the era; ours have a year 0.
int64_t era_year(int64_t year) { return year > 0 ? year : year - 1; }
int64_t year_group(int64_t year, int64_t size) {
  return year > 0 ? (year + size - 1) / size : -((size - 1 - (year - 1)) / size);
}
int64_t decade_of(int64_t year) { return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10); }

/// What depends on the day alone.
std::optional<FieldValue> day_field(int64_t day, Unit unit) {
  const CivilDate civil = civil_from_days(day);
  switch (unit) {
    case Unit::kDay: return FieldValue{civil.day};
    case Unit::kWeek: return FieldValue{iso_week(day)};
    case Unit::kMonth: return FieldValue{civil.month};
    case Unit::kQuarter: return FieldValue{(civil.month - 1) / 3 + 1};
    case Unit::kYear: return FieldValue{era_year(civil.year)};
    case Unit::kDecade: return FieldValue{decade_of(civil.year)};
    case Unit::kCentury: return FieldValue{year_group(civil.year, 100)};
    case Unit::kMillennium: return FieldValue{year_group(civil.year, 1000)};
    case Unit::kDayOfWeek: return FieldValue{day_of_week(day)};
    case Unit::kIsoDayOfWeek: return FieldValue{(day_of_week(day) + 6) % 7 + 1};
    case Unit::kDayOfYear: return FieldValue{day - days_from_civil(civil.year, 1, 1) + 1};
    case Unit::kIsoYear: return FieldValue{era_year(iso_year(day))};
    default: return std::nullopt;
  }
}

/// What depends on the time of day alone, given in microseconds.
std::optional<FieldValue> clock_field(int64_t us, Unit unit) {
  switch (unit) {
    case Unit::kMicrosecond: return FieldValue{us % kMinute};
    case Unit::kMillisecond: return FieldValue{us % kMinute, 3};
    case Unit::kSecond: return FieldValue{us % kMinute, 6};
    case Unit::kMinute: return FieldValue{us / kMinute % 60};
    case Unit::kHour: return FieldValue{us / kHour};
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Unit> unit_of(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  for (const UnitName& known : kUnits) {
    if (known.name == lower) return known.unit;
  }
  return std::nullopt;
}

int64_t day_of_week(int64_t day) {
  return ((day + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday.
}

int64_t first_iso_monday(int64_t year) { return monday_of(days_from_civil(year, 1, 4)); }
/// The ISO week's Thursday decides its year.
int64_t iso_year(int64_t day) { return civil_from_days(monday_of(day) + 3).year; }
int64_t iso_week(int64_t day) { return (monday_of(day) - first_iso_monday(iso_year(day))) / 7 + 1; }

void fail_unit(const KernelCall& call, uint32_t row, std::string_view name, bool known, Type type) {
  std::string text = quoted_message(
      "unit ", name, known ? " not supported for type " : " not recognized for type ");
  text += type == Type::kTimestamptz ? "timestamp with time zone"
          : type == Type::kTimestamp ? "timestamp without time zone"
          : type == Type::kDate      ? "date"
                                     : "interval";
  call.fail(row, known ? sqlstate::kFeatureNotSupported : sqlstate::kInvalidParameter,
            std::move(text));
}

std::optional<int64_t> truncate_time(int64_t us, Unit unit) {
  const CivilTime civil = civil_time(us);
  switch (unit) {
    case Unit::kMicrosecond: return us;
    case Unit::kMillisecond: return floor_to(us, 1000);
    case Unit::kSecond: return floor_to(us, kSecond);
    case Unit::kMinute: return floor_to(us, kMinute);
    case Unit::kHour: return floor_to(us, kHour);
    case Unit::kDay: return floor_to(us, kDay);
    case Unit::kWeek: return monday_of(day_of(us)) * kDay;
    case Unit::kMonth: return month_start(civil.year, civil.month);
    case Unit::kQuarter: return month_start(civil.year, (civil.month - 1) / 3 * 3 + 1);
    case Unit::kYear: return month_start(civil.year, 1);
    case Unit::kDecade: return month_start(year_group_start(civil.year, 10), 1);
    case Unit::kCentury: return month_start(year_group_start(civil.year, 100), 1);
    case Unit::kMillennium: return month_start(year_group_start(civil.year, 1000), 1);
    default: return std::nullopt;
  }
}

std::optional<IntervalValue> truncate_interval(const IntervalValue& value, Unit unit) {
  const auto months = [&](int32_t size) { return IntervalValue{0, 0, value.months / size * size}; };
  const auto clock = [&](int64_t size) {
    return IntervalValue{value.us / size * size, value.days, value.months};
  };
  switch (unit) {
    case Unit::kMicrosecond: return value;
    case Unit::kMillisecond: return clock(1000);
    case Unit::kSecond: return clock(kSecond);
    case Unit::kMinute: return clock(kMinute);
    case Unit::kHour: return clock(kHour);
    case Unit::kDay: return IntervalValue{0, value.days, value.months};
    case Unit::kMonth: return months(1);
    case Unit::kQuarter: return months(3);
    case Unit::kYear: return months(12);
    case Unit::kDecade: return months(120);
    case Unit::kCentury: return months(1200);
    case Unit::kMillennium: return months(12000);
    default: return std::nullopt;
  }
}

std::optional<FieldValue> field_of_time(int64_t us, Unit unit, bool zoned) {
  if (unit == Unit::kEpoch) return FieldValue{us, 6};
  const bool is_zone =
      unit == Unit::kTimezone || unit == Unit::kTimezoneHour || unit == Unit::kTimezoneMinute;
  if (is_zone) return zoned ? std::optional(FieldValue{0}) : std::nullopt;
  const int64_t day = day_of(us);
  if (const auto field = clock_field(us - day * kDay, unit)) return field;
  return day_field(day, unit);
}

std::optional<FieldValue> field_of_date(int64_t day, Unit unit) {
  if (unit == Unit::kEpoch) return FieldValue{day * 86'400};
  return day_field(day, unit);
}

std::optional<FieldValue> field_of_interval(const IntervalValue& value, Unit unit) {
  const int64_t years = value.months / 12;
  switch (unit) {
    case Unit::kDay: return FieldValue{value.days};
    case Unit::kMonth: return FieldValue{value.months % 12};
    case Unit::kQuarter: return FieldValue{value.months % 12 / 3 + 1};
    case Unit::kYear: return FieldValue{years};
    case Unit::kDecade: return FieldValue{years / 10};
    case Unit::kCentury: return FieldValue{years / 100};
    case Unit::kMillennium: return FieldValue{years / 1000};
    case Unit::kEpoch: {
      // A year counts as 365.25 days, a month of the rest as 30.
      const int64_t quarter_days =
          years * 1461 + (value.months % 12) * int64_t{120} + value.days * int64_t{4};
      return FieldValue{quarter_days * (kDay / 4) + value.us, 6};
    }
    default: return clock_field(value.us, unit);
  }
}

}  // namespace millrace
