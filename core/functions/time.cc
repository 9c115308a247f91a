// date_trunc, extract, date_part, date_bin and their kin. The session's time zone is UTC.

#include "base/time.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "columns/datetime.h"
#include "functions/decimal_math.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/time_units.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr Type kT = Type::kText, kTz = Type::kTimestamptz, kTs = Type::kTimestamp, kD = Type::kDate,
               kI = Type::kInterval, kF8 = Type::kFloat8, kN = Type::kNumeric;

/// How a type of time lies in its cells, and its fields.
template <Type kType>
struct Times {
  using Cell = int64_t;
  static std::optional<FieldValue> field(int64_t value, Unit unit) {
    if constexpr (kType == kD) return field_of_date(value, unit);
    return field_of_time(value, unit, kType == kTz);
  }
};
template <>
struct Times<kI> {
  using Cell = View;
  static std::optional<FieldValue> field(View value, Unit unit) {
    return field_of_interval(interval_of(value), unit);
  }
};

/// visit(row, unit) for every row; the unit is looked up once if it is constant. Where it says no,
/// the row fails.
template <Type kType, class Visit>
void each_unit(const KernelCall& call, Visit visit) {
  const UnitOf units(call);
  each_row(call.rows, [&](uint32_t row) {
    const auto unit = units.unit(row);
    if (unit && visit(row, *unit)) return;
    fail_unit(call, row, units.name(row), unit.has_value(), kType);
  });
}

template <Type kType>
void date_trunc(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_unit<kType>(call, [&](uint32_t row, Unit unit) {
    const auto value = truncate_time(argument<int64_t>(call, 1, row), unit);
    out[row] = value.value_or(0);
    return value.has_value();
  });
}

void interval_trunc(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_unit<kI>(call, [&](uint32_t row, Unit unit) {
    const auto value = truncate_interval(interval_of(argument<View>(call, 1, row)), unit);
    out[row] = store_interval(value.value_or(IntervalValue()),
                              call.out.bytes.allocate(sizeof(IntervalValue)));
    return value.has_value();
  });
}

template <Type kType>
void extract(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  using Cell = typename Times<kType>::Cell;
  each_unit<kType>(call, [&](uint32_t row, Unit unit) {
    const auto field = Times<kType>::field(argument<Cell>(call, 1, row), unit);
    out[row] = field ? numeric_of_int(field->value, field->scale, call.out.bytes) : View("0");
    return field.has_value();
  });
}

/// PostgreSQL adds up in float8 here, and its last digits are the answer.
double float_epoch(const IntervalValue& value) {
  double seconds = static_cast<double>(value.us) / 1e6;
  seconds += 365.25 * 86'400 * (value.months / 12);
  seconds += 30.0 * 86'400 * (value.months % 12);
  return seconds + 86'400.0 * value.days;
}

template <Type kType>
void date_part(const KernelCall& call) {
  double* out = cells_of<double>(call.out);
  using Cell = typename Times<kType>::Cell;
  each_unit<kType>(call, [&](uint32_t row, Unit unit) {
    if constexpr (kType == kI) {
      if (unit == Unit::kEpoch) {
        out[row] = float_epoch(interval_of(argument<View>(call, 1, row)));
        return true;
      }
    }
    const auto field = Times<kType>::field(argument<Cell>(call, 1, row), unit);
    if (!field) return false;
    const double scale = field->scale == 6 ? 1e6 : field->scale == 3 ? 1e3 : 1;
    out[row] = static_cast<double>(field->value) / scale;
    return true;
  });
}

struct SecondsToTime {
  static int64_t apply(double seconds, bool& bad) {
    const double us = std::rint(seconds * 1e6);
    const bool fits = us >= static_cast<double>(kTimestamptzMin) && us < 9.2e18;
    bad |= !fits;
    return fits ? static_cast<int64_t>(us) : 0;
  }
  static Fault fault(double) { return {sqlstate::kDatetimeOverflow, "timestamp out of range"}; }
};

/// args: stride, time, origin.
void date_bin(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  constexpr int64_t kDay = 86'400'000'000;
  each_row(call.rows, [&](uint32_t row) {
    const IntervalValue stride = interval_of(argument<View>(call, 0, row));
    const int64_t time = argument<int64_t>(call, 1, row), origin = argument<int64_t>(call, 2, row);
    out[row] = 0;
    if (stride.months != 0) {
      return call.fail(row, sqlstate::kFeatureNotSupported,
                       "timestamps cannot be binned into intervals containing months or years");
    }
    const int128 size = static_cast<int128>(stride.days) * kDay + stride.us;
    if (size <= 0)
      return call.fail(row, sqlstate::kDatetimeOverflow, "stride must be greater than zero");
    const int128 distance = static_cast<int128>(time) - origin;
    int128 rest = distance % size;
    if (rest < 0) rest += size;
    const int128 bin = static_cast<int128>(time) - rest;
    if (bin < kTimestamptzMin)
      return call.fail(row, sqlstate::kDatetimeOverflow, "timestamp out of range");
    out[row] = static_cast<int64_t>(bin);
  });
}

constexpr View kField = "A field: epoch, year, month, day, hour, minute, second, dow, doy, week…";

constexpr std::array kEntries = {
    entry("date_trunc", {kT, kTz}, kTz, date_trunc<kTz>,
          "Cuts to microseconds … second, minute, hour, day, week, month, quarter, year … in UTC.",
          "date_trunc('hour', timestamptz '2026-11-23 10:59')", "2026-11-23 10:00:00+00"),
    entry("date_trunc", {kT, kTs}, kTs, date_trunc<kTs>, "Cuts to the unit.",
          "date_trunc('week', timestamp '2026-11-22 10:59')", "2026-11-16 00:00:00"),
    entry("date_trunc", {kT, kI}, kI, interval_trunc, "Cuts to the unit.",
          "date_trunc('day', interval '40 days 03:00')", "40 days"),
    entry("extract", {kT, kTz}, kN, extract<kTz>, kField,
          "extract(epoch from timestamptz '1970-01-02')", "86400.000000"),
    entry("extract", {kT, kTs}, kN, extract<kTs>, kField,
          "extract(second from timestamp '2026-11-23 10:00:01.5')", "1.500000"),
    entry("extract", {kT, kD}, kN, extract<kD>, kField, "extract(doy from date '2024-12-31')",
          "366"),
    entry("extract", {kT, kI}, kN, extract<kI>, kField, "extract(epoch from interval '1 day')",
          "86400.000000"),
    entry("date_part", {kT, kTz}, kF8, date_part<kTz>, "As extract, in float8.",
          "date_part('dow', timestamptz '2026-11-23')", "1"),
    entry("date_part", {kT, kTs}, kF8, date_part<kTs>, "As extract, in float8.",
          "date_part('epoch', timestamp '1970-01-01 00:00:00.5')", "0.5"),
    entry("date_part", {kT, kI}, kF8, date_part<kI>, "As extract, in float8.",
          "date_part('hour', interval '26 hours')", "26"),
    entry("date_bin", {kI, kTz, kTz}, kTz, date_bin,
          "The start of the stride that holds it, counted from an origin.",
          "date_bin('15 minutes', timestamptz '2026-11-23 10:59', timestamptz '2000-01-01')",
          "2026-11-23 10:45:00+00"),
    entry("date_bin", {kI, kTs, kTs}, kTs, date_bin,
          "The start of the stride that holds it, counted from an origin.",
          "date_bin('1 day', timestamp '2026-11-23 10:59', timestamp '2000-01-01 06:00')",
          "2026-11-23 06:00:00"),
    entry("to_timestamp", {kF8}, kTz, checked1<SecondsToTime, int64_t, double>,
          "The instant so many seconds after 1970.", "to_timestamp(86400)",
          "1970-01-02 00:00:00+00"),
};

}  // namespace

std::span<const Function> time_functions() { return kEntries; }

}  // namespace millrace
