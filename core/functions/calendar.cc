// Arithmetic of date, timestamp, timestamptz and interval. The session's zone is UTC, so
// timestamp and timestamptz are computed alike.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/time.h"
#include "columns/datetime.h"
#include "columns/interval.h"
#include "functions/interval_math.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kSecond = 1'000'000, kDay = 86'400 * kSecond;
constexpr Fault kTimeRange = {sqlstate::kDatetimeOverflow, "timestamp out of range"};
constexpr Fault kDateRange = {sqlstate::kDatetimeOverflow, "date out of range"};
constexpr Fault kIntervalRange = {sqlstate::kDatetimeOverflow, "interval out of range"};

bool in_range(int128 us) { return us >= kTimestamptzMin && us < kTimestamptzEnd; }

/// Months first (a day that the month lacks becomes its last), then days, then the time.
bool shift_time(int64_t us, const IntervalValue& by, int sign, int64_t& out) {
  int128 time = us;
  if (by.months != 0) {
    CivilTime civil = civil_time(us);
    const int64_t month =
        civil.year * 12 + civil.month - 1 + static_cast<int64_t>(by.months) * sign;
    civil.year = floor_div(month, 12);
    civil.month = static_cast<uint32_t>(month - civil.year * 12 + 1);
    if (civil.year < -5000 || civil.year > 300'000) return false;
    const int64_t next = month + 1;
    const int64_t first = days_from_civil(civil.year, civil.month, 1);
    const int64_t size =
        days_from_civil(floor_div(next, 12),
                        static_cast<unsigned>(next - floor_div(next, 12) * 12 + 1), 1) -
        first;
    civil.day = std::min<uint32_t>(civil.day, static_cast<uint32_t>(size));
    time = static_cast<int128>(first + civil.day - 1) * kDay + (us - day_of(us) * kDay);
    if (!in_range(time)) return false;
  }
  time += static_cast<int128>(by.days) * sign * kDay;
  if (!in_range(time)) return false;
  time += static_cast<int128>(by.us) * sign;
  out = in_range(time) ? static_cast<int64_t>(time) : 0;
  return in_range(time);
}

/// Days of a date as a time; false: beyond what a timestamp holds.
bool time_of_date(int64_t day, int64_t& us) {
  return !__builtin_mul_overflow(day, kDay, &us) && in_range(us);
}

/// time ± interval; kTime and kInterval are the places of the arguments.
template <size_t kTime, size_t kInterval, int kSign, bool kDate>
void shift(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    int64_t time = argument<int64_t>(call, kTime, row);
    out[row] = 0;
    if (kDate && !time_of_date(time, time)) {
      return call.fail(row, sqlstate::kDatetimeOverflow, "date out of range for timestamp");
    }
    if (!shift_time(time, interval_of(argument<View>(call, kInterval, row)), kSign, out[row])) {
      call.fail(row, kTimeRange.sqlstate, kTimeRange.text);
    }
  });
}

View stored(const IntervalValue& value, Column& out) {
  return store_interval(value, out.bytes.allocate(sizeof(value)));
}

/// time - time: whole days and the rest.
void difference(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    int64_t us = 0;
    if (__builtin_sub_overflow(argument<int64_t>(call, 0, row), argument<int64_t>(call, 1, row),
                               &us)) {
      call.fail(row, kIntervalRange.sqlstate, kIntervalRange.text);
      us = 0;
    }
    out[row] = stored({us % kDay, static_cast<int32_t>(us / kDay), 0}, call.out);
  });
}

struct AddDays {
  static int64_t apply(int64_t day, int64_t more, bool& bad) {
    const int64_t sum = day + more;
    bad |= sum < kDateMin || sum >= kDateEnd;
    return sum;
  }
  static Fault fault(int64_t, int64_t) { return kDateRange; }
};
struct DaysAdded {
  static int64_t apply(int64_t more, int64_t day, bool& bad) {
    return AddDays::apply(day, more, bad);
  }
  static Fault fault(int64_t, int64_t) { return kDateRange; }
};
struct SubtractDays {
  static int64_t apply(int64_t day, int64_t less, bool& bad) {
    return AddDays::apply(day, -less, bad);
  }
  static Fault fault(int64_t, int64_t) { return kDateRange; }
};
void days_between(const KernelCall& call) {
  map2<int64_t, int64_t, int64_t>(call, [](int64_t a, int64_t b) { return a - b; });
}

bool add_intervals(const IntervalValue& a, const IntervalValue& b, IntervalValue& out) {
  return !__builtin_add_overflow(a.months, b.months, &out.months) &&
         !__builtin_add_overflow(a.days, b.days, &out.days) &&
         !__builtin_add_overflow(a.us, b.us, &out.us);
}
bool subtract_intervals(const IntervalValue& a, const IntervalValue& b, IntervalValue& out) {
  return !__builtin_sub_overflow(a.months, b.months, &out.months) &&
         !__builtin_sub_overflow(a.days, b.days, &out.days) &&
         !__builtin_sub_overflow(a.us, b.us, &out.us);
}

template <bool (*kOp)(const IntervalValue&, const IntervalValue&, IntervalValue&)>
void interval2(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    IntervalValue value;
    const auto a = interval_of(argument<View>(call, 0, row)),
               b = interval_of(argument<View>(call, 1, row));
    if (!kOp(a, b, value)) call.fail(row, kIntervalRange.sqlstate, kIntervalRange.text);
    out[row] = stored(value, call.out);
  });
}

void negate(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    IntervalValue value;
    if (!subtract_intervals({}, interval_of(argument<View>(call, 0, row)), value)) {
      call.fail(row, kIntervalRange.sqlstate, kIntervalRange.text);
    }
    out[row] = stored(value, call.out);
  });
}

template <size_t kInterval, bool kDivide>
void scale(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const double factor = argument<double>(call, 1 - kInterval, row);
    IntervalValue value;
    if (kDivide && factor == 0) {
      call.fail(row, sqlstate::kDivisionByZero, "division by zero");
    } else if (!scale_interval(interval_of(argument<View>(call, kInterval, row)), factor, kDivide,
                               value)) {
      call.fail(row, kIntervalRange.sqlstate, kIntervalRange.text);
    }
    out[row] = stored(value, call.out);
  });
}

/// age: years, months and days as a calendar counts them.
void age(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const int64_t later = argument<int64_t>(call, 0, row),
                  earlier = argument<int64_t>(call, 1, row);
    const bool negative = later < earlier;
    const int64_t high = negative ? earlier : later, low = negative ? later : earlier;
    const CivilTime a = civil_time(high), b = civil_time(low);
    int64_t us = (high - day_of(high) * kDay) - (low - day_of(low) * kDay);
    int64_t days = static_cast<int64_t>(a.day) - b.day;
    int64_t months = (a.year - b.year) * 12 + a.month - b.month;
    if (us < 0) {
      us += kDay;
      --days;
    }
    if (days < 0) {
      // A borrowed month has the days of the earlier time's month.
      const int64_t next = b.year * 12 + b.month;
      days += days_from_civil(floor_div(next, 12),
                              static_cast<unsigned>(next - floor_div(next, 12) * 12 + 1), 1) -
              days_from_civil(b.year, b.month, 1);
      --months;
    }
    const int sign = negative ? -1 : 1;
    out[row] =
        stored({us * sign, static_cast<int32_t>(days * sign), static_cast<int32_t>(months * sign)},
               call.out);
  });
}

constexpr int64_t kPerYear = 12;
/// years, months, weeks, days, hours, minutes, seconds.
void make_interval(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  const auto given = [&](size_t i, uint32_t row) {
    return i < call.args.size() ? argument<int64_t>(call, i, row) : 0;
  };
  each_row(call.rows, [&](uint32_t row) {
    const double seconds = call.args.size() > 6 ? argument<double>(call, 6, row) : 0;
    const int128 months = static_cast<int128>(given(0, row)) * kPerYear + given(1, row);
    const int128 days = static_cast<int128>(given(2, row)) * 7 + given(3, row);
    const double us = std::rint(seconds * 1e6);
    int128 sum = static_cast<int128>(given(4, row)) * 3600 * kSecond +
                 static_cast<int128>(given(5, row)) * 60 * kSecond;
    IntervalValue value;
    const bool fits = months == static_cast<int32_t>(months) &&
                      days == static_cast<int32_t>(days) && std::fabs(us) < 9.2e18;
    if (fits) sum += static_cast<int64_t>(us);
    if (!fits || sum != static_cast<int64_t>(sum)) {
      call.fail(row, kIntervalRange.sqlstate, kIntervalRange.text);
    } else {
      value = {static_cast<int64_t>(sum), static_cast<int32_t>(days), static_cast<int32_t>(months)};
    }
    out[row] = stored(value, call.out);
  });
}

void make_date(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    int64_t year = argument<int64_t>(call, 0, row);
    const int64_t month = argument<int64_t>(call, 1, row), day = argument<int64_t>(call, 2, row);
    out[row] = 0;
    const bool fields = year != 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    if (year < 0) ++year;  // There is no year 0.
    if (fields && year >= -4713 && year < 5'874'898) {
      out[row] = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
    }
    if (!fields || year < -4713 || year >= 5'874'898 || civil_from_days(out[row]).day != day) {
      call.fail(row, sqlstate::kDatetimeOverflow, "date field value out of range");
    }
  });
}

IntervalValue justify_hours(IntervalValue value) {
  value.days += static_cast<int32_t>(value.us / kDay);
  value.us %= kDay;
  if (value.days > 0 && value.us < 0) value.us += kDay, --value.days;
  if (value.days < 0 && value.us > 0) value.us -= kDay, ++value.days;
  return value;
}
IntervalValue justify_days(IntervalValue value) {
  value.months += value.days / 30;
  value.days %= 30;
  if (value.months > 0 && value.days < 0) value.days += 30, --value.months;
  if (value.months < 0 && value.days > 0) value.days -= 30, ++value.months;
  return value;
}
template <IntervalValue (*kJustify)(IntervalValue)>
void justify(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = stored(kJustify(interval_of(argument<View>(call, 0, row))), call.out);
  });
}

constexpr Type kTz = Type::kTimestamptz, kTs = Type::kTimestamp, kD = Type::kDate,
               kI = Type::kInterval, kF8 = Type::kFloat8, kI4 = Type::kInt4;

constexpr std::array kEntries = {
    entry("+", {kD, kI4}, kD, checked2<AddDays, int64_t, int64_t, int64_t>, "So many days later.",
          "date '2024-02-28' + 2", "2024-03-01"),
    entry("+", {kI4, kD}, kD, checked2<DaysAdded, int64_t, int64_t, int64_t>, "So many days later.",
          "2 + date '2024-02-28'", "2024-03-01"),
    entry("-", {kD, kI4}, kD, checked2<SubtractDays, int64_t, int64_t, int64_t>,
          "So many days earlier.", "date '2024-03-01' - 1", "2024-02-29"),
    entry("-", {kD, kD}, kI4, days_between, "Days between.",
          "date '2024-03-01' - date '2024-02-28'", "2"),
    entry("+", {kD, kI}, kTs, shift<0, 1, 1, true>, "Later by the interval.",
          "date '2024-01-31' + interval '1 month'", "2024-02-29 00:00:00"),
    entry("+", {kI, kD}, kTs, shift<1, 0, 1, true>, "Later by the interval.",
          "interval '1 hour' + date '2024-01-31'", "2024-01-31 01:00:00"),
    entry("-", {kD, kI}, kTs, shift<0, 1, -1, true>, "Earlier by the interval.",
          "date '2024-03-31' - interval '1 month'", "2024-02-29 00:00:00"),
    entry("+", {kTs, kI}, kTs, shift<0, 1, 1, false>, "Later by the interval.",
          "timestamp '2024-01-31 10:00' + interval '1 month 1 day'", "2024-03-01 10:00:00"),
    entry("+", {kI, kTs}, kTs, shift<1, 0, 1, false>, "Later by the interval.",
          "interval '90 minutes' + timestamp '2024-01-31 23:00'", "2024-02-01 00:30:00"),
    entry("-", {kTs, kI}, kTs, shift<0, 1, -1, false>, "Earlier by the interval.",
          "timestamp '2024-01-31 10:00' - interval '1 day'", "2024-01-30 10:00:00"),
    entry("+", {kTz, kI}, kTz, shift<0, 1, 1, false>,
          "Later by the interval; days and months count in UTC.",
          "timestamptz '2024-01-31 10:00Z' + interval '1 hour'", "2024-01-31 11:00:00+00"),
    entry("+", {kI, kTz}, kTz, shift<1, 0, 1, false>,
          "Later by the interval; days and months count in UTC.",
          "interval '1 hour' + timestamptz '2024-01-31 10:00Z'", "2024-01-31 11:00:00+00"),
    entry("-", {kTz, kI}, kTz, shift<0, 1, -1, false>,
          "Earlier by the interval; days and months count in UTC.",
          "timestamptz '2024-01-31 10:00Z' - interval '1 hour'", "2024-01-31 09:00:00+00"),
    entry("-", {kTs, kTs}, kI, difference, "The time between, in days and a rest.",
          "timestamp '2024-03-01 12:00' - timestamp '2024-02-28'", "2 days 12:00:00"),
    entry("-", {kTz, kTz}, kI, difference, "The time between, in days and a rest.",
          "timestamptz '2024-02-28 00:00Z' - timestamptz '2024-03-01 12:00Z'", "-2 days -12:00:00"),
    entry("+", {kI, kI}, kI, interval2<add_intervals>, "Adds part by part.",
          "interval '1 day' + interval '25 hours'", "1 day 25:00:00"),
    entry("-", {kI, kI}, kI, interval2<subtract_intervals>, "Subtracts part by part.",
          "interval '1 day' - interval '1 hour'", "1 day -01:00:00"),
    entry("-", {kI}, kI, negate, "Negates every part.", "-interval '1 day'", "-1 days"),
    entry("*", {kI, kF8}, kI, scale<0, false>, "So many times.", "interval '1 day' * 1.5",
          "1 day 12:00:00"),
    entry("*", {kF8, kI}, kI, scale<1, false>, "So many times.", "2 * interval '1 hour'",
          "02:00:00"),
    entry("/", {kI, kF8}, kI, scale<0, true>, "The part of it.", "interval '1 hour' / 4",
          "00:15:00"),
    entry("age", {kTs, kTs}, kI, age, "Years, months and days between, by the calendar.",
          "age(timestamp '2026-11-23', timestamp '2024-02-29')", "2 years 8 mons 23 days"),
    entry("age", {kTz, kTz}, kI, age, "Years, months and days between, by the calendar.",
          "age(timestamptz '2026-11-23', timestamptz '2026-11-22 12:00')", "12:00:00"),
    entry("make_date", {kI4, kI4, kI4}, kD, make_date, "Year, month, day.",
          "make_date(2024, 2, 29)", "2024-02-29"),
    entry("make_interval", {kI4}, kI, make_interval, "Years.", "make_interval(2)", "2 years"),
    entry("make_interval", {kI4, kI4, kI4, kI4, kI4, kI4, kF8}, kI, make_interval,
          "Years, months, weeks, days, hours, minutes, seconds; by name, too.",
          "make_interval(0, 0, 0, 1, 2, 3, 4.5)", "1 day 02:03:04.5"),
    entry("justify_hours", {kI}, kI, justify<justify_hours>, "24 hours become a day.",
          "justify_hours(interval '27 hours')", "1 day 03:00:00"),
    entry("justify_days", {kI}, kI, justify<justify_days>, "30 days become a month.",
          "justify_days(interval '35 days')", "1 mon 5 days"),
};

}  // namespace

std::span<const Function> calendar_functions() { return kEntries; }

}  // namespace millrace
