// Functions of instants. The session's time zone is UTC.

#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "expr/datetime.h"
#include "expr/kernel.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                  kDay = 24 * kHour;

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
};

struct UnitName {
  View name;
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
};

std::optional<Unit> unit_of(View name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  for (const UnitName& known : kUnits) {
    if (known.name == lower) return known.unit;
  }
  return std::nullopt;
}

int64_t floor_to(int64_t us, int64_t step) {
  const int64_t rest = us % step;
  return us - (rest < 0 ? rest + step : rest);
}

/// 0 = Sunday. 1970-01-01 was a Thursday.
int64_t day_of_week(int64_t day) {
  return ((day + 4) % 7 + 7) % 7;
}

int64_t month_start(int64_t year, uint32_t month) {
  return instant_of({year, month, 1, 0, 0, 0, 0});
}

int64_t week_start(int64_t us) {
  const int64_t day = day_of(us);
  return (day - (day_of_week(day) + 6) % 7) * kDay;
}

/// The ISO week's Thursday decides its year.
int64_t iso_year(int64_t us) {
  return civil_time(week_start(us) + 3 * kDay).year;
}
int64_t iso_week(int64_t us) {
  const int64_t first = week_start(instant_of({iso_year(us), 1, 4, 0, 0, 0, 0}));
  return (week_start(us) - first) / (7 * kDay) + 1;
}

/// Years count from 1: decade and beyond start as PostgreSQL starts them.
int64_t year_group_start(int64_t year, int64_t size) {
  if (size == 10) return year >= 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
  return year > 0 ? (year - 1) / size * size + 1 : -((size - 1 - (year - 1)) / size) * size + 1;
}

std::optional<int64_t> truncate(int64_t us, Unit unit) {
  const CivilTime civil = civil_time(us);
  switch (unit) {
    case Unit::kMicrosecond:
      return us;
    case Unit::kMillisecond:
      return floor_to(us, 1000);
    case Unit::kSecond:
      return floor_to(us, kSecond);
    case Unit::kMinute:
      return floor_to(us, kMinute);
    case Unit::kHour:
      return floor_to(us, kHour);
    case Unit::kDay:
      return floor_to(us, kDay);
    case Unit::kWeek:
      return week_start(us);
    case Unit::kMonth:
      return month_start(civil.year, civil.month);
    case Unit::kQuarter:
      return month_start(civil.year, (civil.month - 1) / 3 * 3 + 1);
    case Unit::kYear:
      return month_start(civil.year, 1);
    case Unit::kDecade:
      return month_start(year_group_start(civil.year, 10), 1);
    case Unit::kCentury:
      return month_start(year_group_start(civil.year, 100), 1);
    case Unit::kMillennium:
      return month_start(year_group_start(civil.year, 1000), 1);
    default:
      return std::nullopt;
  }
}

double extract_unit(int64_t us, Unit unit) {
  const CivilTime civil = civil_time(us);
  const int64_t day = day_of(us);
  const auto in_second = static_cast<double>(civil.second) * 1e6 + civil.microsecond;
  const auto year = static_cast<double>(civil.year);
  switch (unit) {
    case Unit::kMicrosecond:
      return in_second;
    case Unit::kMillisecond:
      return in_second / 1e3;
    case Unit::kSecond:
      return in_second / 1e6;
    case Unit::kMinute:
      return civil.minute;
    case Unit::kHour:
      return civil.hour;
    case Unit::kDay:
      return civil.day;
    case Unit::kWeek:
      return static_cast<double>(iso_week(us));
    case Unit::kMonth:
      return civil.month;
    case Unit::kQuarter:
      return (civil.month - 1) / 3 + 1;
    case Unit::kYear:
      return year;
    case Unit::kDecade:
      return std::floor(year / 10);
    case Unit::kCentury:
      return std::ceil(year / 100);
    case Unit::kMillennium:
      return std::ceil(year / 1000);
    case Unit::kEpoch:
      return static_cast<double>(us) / 1e6;
    case Unit::kDayOfWeek:
      return static_cast<double>(day_of_week(day));
    case Unit::kIsoDayOfWeek:
      return static_cast<double>((day_of_week(day) + 6) % 7 + 1);
    case Unit::kDayOfYear:
      return static_cast<double>(day - day_of(month_start(civil.year, 1)) + 1);
    case Unit::kIsoYear:
      return static_cast<double>(iso_year(us));
    case Unit::kTimezone:
      return 0;
  }
  return 0;
}

/// visit(row, unit, us); the unit is looked up once if it is constant.
template <class Visit>
void each_unit(const KernelCall& call, Visit visit) {
  const Column& units = *call.args[0];
  const Column& times = *call.args[1];
  std::optional<Unit> unit = units.constant ? unit_of(units.texts[0]) : std::nullopt;
  each_row(call.rows, [&](uint32_t row) {
    const View name = units.texts[units.constant ? 0 : row];
    if (!units.constant) unit = unit_of(name);
    const int64_t us = times.ints[times.constant ? 0 : row];
    if (unit && visit(row, *unit, us)) return;
    std::string text("timestamp with time zone units \"");
    text += name;
    text += "\" not recognized";
    call.fail(row, sqlstate::kInvalidParameter, std::move(text));
  });
}

void date_trunc(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_unit(call, [&](uint32_t row, Unit unit, int64_t us) {
    const auto value = truncate(us, unit);
    out[row] = value.value_or(0);
    return value.has_value();
  });
}

void extract(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  each_unit(call, [&](uint32_t row, Unit unit, int64_t us) {
    out[row] = extract_unit(us, unit);
    return true;
  });
}

struct SecondsToTime {
  static int64_t apply(double seconds, bool& bad) {
    const double us = std::rint(seconds * 1e6);
    const bool fits = us > -9.2e18 && us < 9.2e18;
    bad |= !fits;
    return fits ? static_cast<int64_t>(us) : 0;
  }
  static Fault fault(double) { return {sqlstate::kDatetimeOverflow, "timestamp out of range"}; }
};

constexpr Type kT = Type::kText, kTz = Type::kTimestamptz, kF8 = Type::kFloat8;

constexpr std::array kEntries = {
    entry("date_trunc", {kT, kTz}, kTz, date_trunc,
          "Cuts to microseconds … second, minute, hour, day, week, month, quarter, year … in UTC.",
          "date_trunc('hour', timestamptz '2026-11-23 10:59')", "2026-11-23 10:00:00+00"),
    entry("extract", {kT, kTz}, kF8, extract,
          "A field of the instant in UTC: epoch, year, month, day, hour, dow, week…",
          "extract(epoch from timestamptz '1970-01-02')", "86400"),
    entry("date_part", {kT, kTz}, kF8, extract, "As extract.",
          "date_part('dow', timestamptz '2026-11-23')", "1"),
    entry("to_timestamp", {kF8}, kTz, checked1<SecondsToTime, int64_t, double>,
          "The instant so many seconds after 1970.", "to_timestamp(86400)",
          "1970-01-02 00:00:00+00"),
};

}  // namespace

std::span<const Function> time_functions() {
  return kEntries;
}

}  // namespace millrace
