// to_timestamp and to_date: texts read by a template. From the fields that were read to a time,
// with PostgreSQL's rules for what is missing and what goes before what.

#include <array>
#include <optional>
#include <string>

#include "base/time.h"
#include "columns/datetime.h"
#include "functions/from_template.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/time_units.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                  kDay = 24 * kHour;
/// Far beyond every time that we hold, and far from what a calculation of days overflows at.
constexpr int64_t kYearBound = 10'000'000;

/// A date that is being put together. A year 0 is 1 BC, and also what was not said.
struct Date {
  int64_t year = 0, month = 1, day = 1;
  bool has_year = false, has_month = false, has_day = false;

  static Date of_day(int64_t days) {
    const CivilDate civil = civil_from_days(days);
    return {civil.year, civil.month, civil.day, true, true, true};
  }
  /// Days since 1970; a day behind the end of its month is one of the next.
  int64_t days() const { return days_from_civil(year, static_cast<unsigned>(month), 1) + day - 1; }
  int64_t days_in_month() const {
    Date next = {year, month, 1};
    if (++next.month > 12) next = {year + 1, 1, 1};
    return next.days() - Date{year, month, 1}.days();
  }
  bool is_valid() const {
    if (has_month && (month < 1 || month > 12)) return false;
    if (has_day && (day < 1 || day > 31)) return false;
    return !(has_year && has_month && has_day) || day <= days_in_month();
  }
};

/// The years count from 1 to both sides of the era's start.
int64_t year_of(const TimeFields& fields) {
  const int64_t century = fields.before_christ ? -int64_t{fields.century} : fields.century;
  if (fields.year == 0) {
    return century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
  }
  if (fields.century == 0 || fields.year_digits > 2) {
    const int64_t year = fields.before_christ ? -int64_t{fields.year} : fields.year;
    return year < 0 ? year + 1 : year;
  }
  // The last digits of a year, and its century.
  const int64_t last = fields.year % 100;
  if (last == 0) return century * 100 + (century >= 0 ? 0 : 1);
  return century >= 0 ? last + (century - 1) * 100 : (century + 1) * 100 - last + 1;
}

/// The n-th day of a year, where month and day do not say more.
void place_day_of_year(int64_t day_of_year, bool iso, Date& date) {
  if (iso) {
    date = Date::of_day(first_iso_monday(date.year) + day_of_year - 1);
    return;
  }
  int64_t rest = day_of_year;
  int64_t month = 1;
  for (; month <= 12; ++month) {
    const int64_t length = Date{date.year, month, 1}.days_in_month();
    if (rest <= length) break;
    rest -= length;
  }
  if (date.month <= 1) date.month = month;
  if (date.day <= 1) date.day = rest;
  date.has_month = date.has_day = true;
}

TemplateFault put_date_together(const TimeFields& fields, Date& date) {
  int64_t day_of_year = fields.day_of_year;
  const bool iso = fields.weeks == TimeFields::Weeks::kIso;
  if (fields.year != 0 || fields.century != 0) {
    date.year = year_of(fields);
    date.has_year = true;
    if (date.year > kYearBound || date.year < -kYearBound)
      return {sqlstate::kDatetimeOverflow,
              quoted_message("year ", std::to_string(fields.year), " is out of range")};
  }
  if (fields.julian_day != 0) date = Date::of_day(int64_t{fields.julian_day} - 2'440'588);
  if (fields.week != 0 && iso) {
    // 1 = Sunday, which ends the ISO week; not said: the Monday.
    const int64_t behind_monday = fields.day_of_week == 0  ? 0
                                  : fields.day_of_week > 1 ? fields.day_of_week - 2
                                                           : 6;
    date =
        Date::of_day(first_iso_monday(date.year) + (int64_t{fields.week} - 1) * 7 + behind_monday);
  } else if (fields.week != 0) {
    day_of_year = (int64_t{fields.week} - 1) * 7 + 1;
  }
  if (fields.week_of_month != 0) {
    date.day = (int64_t{fields.week_of_month} - 1) * 7 + 1;
    date.has_day = true;
  } else if (fields.day != 0) {
    date.day = fields.day;
    date.has_day = true;
  }
  if (fields.month != 0) {
    date.month = fields.month;
    date.has_month = true;
  }
  if (day_of_year != 0 && (date.month <= 1 || date.day <= 1)) {
    if (date.year == 0 && !fields.before_christ) {
      return {sqlstate::kInvalidDatetime, "cannot calculate day of year without year information"};
    }
    place_day_of_year(day_of_year, iso, date);
  }
  return {};
}

/// Microseconds since midnight; nothing: not on any clock.
std::optional<int64_t> clock_of(const TimeFields& fields, int64_t hour) {
  const int64_t of_day = fields.second_of_day;
  const int64_t minute = fields.minute != 0 ? fields.minute : of_day % 3600 / 60;
  const int64_t second = fields.second != 0 ? fields.second : of_day % 60;
  const int64_t fraction = int64_t{fields.millisecond} * 1000 + fields.microsecond;
  const bool fits = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
                    second < 60 && fraction >= 0 && fraction < kSecond;
  if (!fits) return std::nullopt;
  return hour * kHour + minute * kMinute + second * kSecond + fraction;
}

/// What a text says: the day and the time of day on its wall, and the wall's offset.
struct Reading {
  int64_t day = 0, clock_us = 0, offset_us = 0;
};

TemplateFault out_of_range(View text) {
  return {sqlstate::kDatetimeOverflow,
          quoted_message("date/time field value out of range: ", text)};
}

TemplateFault read_clock(const TimeFields& fields, View text, Reading& reading) {
  int64_t hour = fields.hour != 0 ? fields.hour : fields.second_of_day / 3600;
  if (fields.clock12) {
    if (hour < 1 || hour > 12) {
      return {sqlstate::kInvalidDatetime,
              quoted_message("hour ", std::to_string(hour), " is invalid for the 12-hour clock")};
    }
    hour = hour % 12 + (fields.after_noon ? 12 : 0);
  }
  const auto clock_us = clock_of(fields, hour);
  if (!clock_us) return out_of_range(text);
  reading.clock_us = *clock_us;
  return {};
}

TemplateFault read_offset(const TimeFields& fields, View text, Reading& reading) {
  if (fields.zone_sign == 0) return {};
  constexpr int32_t kMaxHour = 15;
  if (fields.zone_hour < 0 || fields.zone_hour > kMaxHour || fields.zone_minute < 0 ||
      fields.zone_minute >= 60) {
    return {sqlstate::kZoneDisplacement,
            quoted_message("time zone displacement out of range: ", text)};
  }
  reading.offset_us = fields.zone_sign * (fields.zone_hour * kHour + fields.zone_minute * kMinute);
  return {};
}

TemplateFault read_time(View text, const std::vector<TemplatePart>& parts, Reading& reading) {
  TimeFields fields;
  Date date;
  if (auto fault = read_fields(text, parts, fields); !fault.sqlstate.empty()) return fault;
  // In PostgreSQL's order, which decides what a text with two faults is told.
  Reading read;
  TemplateFault clock = read_clock(fields, text, read);
  if (clock.sqlstate == sqlstate::kInvalidDatetime) return clock;
  if (auto fault = put_date_together(fields, date); !fault.sqlstate.empty()) return fault;
  if (!date.is_valid()) return out_of_range(text);
  if (!clock.sqlstate.empty()) return clock;
  if (auto fault = read_offset(fields, text, read); !fault.sqlstate.empty()) return fault;
  read.day = date.days();
  reading = read;
  return {};
}

/// make(reading, bad) for every row.
template <class Make>
void each_reading(const KernelCall& call, View beyond, Make make) {
  int64_t* out = cells_of<int64_t>(call.out);
  TemplateOf template_of(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    Reading reading;
    TemplateFault fault = read_time(text, template_of.parts(row), reading);
    bool bad = false;
    out[row] = make(reading, bad);
    if (!fault.sqlstate.empty()) {
      call.fail(row, fault.sqlstate, std::move(fault.text));
    } else if (bad) {
      call.fail(row, sqlstate::kDatetimeOverflow, quoted_message(beyond, text));
    }
  });
}

void to_timestamp(const KernelCall& call) {
  each_reading(call, "timestamp out of range: ", [](const Reading& reading, bool& bad) {
    int64_t us = 0;
    bad = __builtin_mul_overflow(reading.day, kDay, &us) ||
          __builtin_add_overflow(us, reading.clock_us - reading.offset_us, &us) ||
          us < kTimestamptzMin || us >= kTimestamptzEnd;
    return bad ? 0 : us;
  });
}

void to_date(const KernelCall& call) {
  each_reading(call, "date out of range: ", [](const Reading& reading, bool& bad) {
    bad = reading.day < kDateMin || reading.day >= kDateEnd;
    return bad ? 0 : reading.day;
  });
}

constexpr Type kT = Type::kText;

constexpr std::array kEntries = {
    entry("to_timestamp", {kT, kT}, Type::kTimestamptz, to_timestamp,
          "The instant that a text says by a template, that of to_char; without TZH in UTC.",
          "to_timestamp('3 Nov 2026 9:05 pm', 'DD Mon YYYY HH:MI pm')", "2026-11-03 21:05:00+00"),
    entry("to_date", {kT, kT}, Type::kDate, to_date, "The day that a text says by a template.",
          "to_date('03/11/26', 'DD/MM/YY')", "2026-11-03"),
};

}  // namespace

std::span<const Function> reading_functions() { return kEntries; }

}  // namespace millrace
