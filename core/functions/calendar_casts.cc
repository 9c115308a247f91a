// Casts of date, timestamp, timestamptz and interval. The session's zone is UTC.

#include <array>
#include <string>

#include "base/time.h"
#include "columns/datetime.h"
#include "columns/interval.h"
#include "columns/number_text.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// Midnight of a day; false: beyond what a timestamp holds.
bool time_of_date(int64_t day, int64_t& us) {
  constexpr int64_t kDay = 86'400'000'000;
  return !__builtin_mul_overflow(day, kDay, &us) && us >= kTimestamptzMin && us < kTimestamptzEnd;
}

View stored(const IntervalValue& value, Column& out) {
  return store_interval(value, out.bytes.allocate(sizeof(value)));
}

void same_time(const KernelCall& call) {
  map1<int64_t, int64_t>(call, [](int64_t a) { return a; });
}
void date_to_time(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    if (time_of_date(argument<int64_t>(call, 0, row), out[row])) return;
    call.fail(row, sqlstate::kDatetimeOverflow, "date out of range for timestamp");
  });
}
void time_to_date(const KernelCall& call) {
  map1<int64_t, int64_t>(call, [](int64_t a) { return day_of(a); });
}

void fail_parse(const KernelCall& call, uint32_t row, DatetimeFault fault, View type, View text) {
  if (fault == DatetimeFault::kSyntax) {
    std::string before("invalid input syntax for type ");
    before += type;
    before += ": ";
    call.fail(row, sqlstate::kInvalidDatetime, quoted_message(before, text));
  } else {
    const bool field = fault == DatetimeFault::kField;
    const bool interval = type == "interval";
    call.fail(row, interval ? sqlstate::kIntervalOverflow : sqlstate::kDatetimeOverflow,
              quoted_message(interval ? "interval field value out of range: "
                             : field  ? "date/time field value out of range: "
                                      : "timestamp out of range: ",
                             text));
  }
}

template <DatetimeFault (*kParse)(View, int64_t&), Type kType>
void text_to_time(const KernelCall& call) {
  constexpr View kName = kType == Type::kDate        ? "date"
                         : kType == Type::kTimestamp ? "timestamp"
                                                     : "timestamp with time zone";
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    out[row] = 0;
    const DatetimeFault fault = kParse(text, out[row]);
    if (fault != DatetimeFault::kNone) fail_parse(call, row, fault, kName, text);
  });
}

void text_to_interval(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    IntervalValue value;
    const DatetimeFault fault = parse_interval(text, value);
    if (fault != DatetimeFault::kNone) fail_parse(call, row, fault, "interval", text);
    out[row] = stored(value, call.out);
  });
}

template <size_t (*kFormat)(int64_t, char*)>
void time_to_text(const KernelCall& call) {
  Column& out = call.out;
  map1<View, int64_t>(call, [&out](int64_t a) {
    return made_text<kNumberTextMax>(out, [a](char* to) { return kFormat(a, to); });
  });
}
void interval_to_text(const KernelCall& call) {
  Column& out = call.out;
  map1<View, View>(call, [&out](View a) {
    return made_text<kIntervalTextMax>(
        out, [a](char* to) { return format_interval(interval_of(a), to); });
  });
}

constexpr Type kT = Type::kText, kTz = Type::kTimestamptz, kTs = Type::kTimestamp, kD = Type::kDate,
               kI = Type::kInterval;
constexpr Cast kOnly = Cast::kExplicit, kAlso = Cast::kImplicit;
constexpr std::array kCasts = {
    cast_entry(kD, kTs, kAlso, date_to_time, "Its midnight.", "date '2026-11-23'::timestamp",
               "2026-11-23 00:00:00"),
    cast_entry(kD, kTz, kAlso, date_to_time, "Its midnight in UTC.",
               "date '2026-11-23'::timestamptz", "2026-11-23 00:00:00+00"),
    cast_entry(kTs, kTz, kAlso, same_time, "As a time in UTC.",
               "timestamp '2026-11-23 10:00'::timestamptz", "2026-11-23 10:00:00+00"),
    cast_entry(kTz, kTs, kOnly, same_time, "As UTC's clock shows it.",
               "timestamptz '2026-11-23 10:00+01'::timestamp", "2026-11-23 09:00:00"),
    cast_entry(kTs, kD, kOnly, time_to_date, "Its day.", "timestamp '2026-11-23 10:00'::date",
               "2026-11-23"),
    cast_entry(kTz, kD, kOnly, time_to_date, "Its day in UTC.",
               "timestamptz '2026-11-23 00:30+01'::date", "2026-11-22"),
    cast_entry(kTz, kT, kOnly, time_to_text<format_timestamptz>, "ISO, in UTC.",
               "timestamptz '2026-11-23T11:00+01'::text", "2026-11-23 10:00:00+00"),
    cast_entry(kTs, kT, kOnly, time_to_text<format_timestamp>, "ISO.",
               "timestamp '2026-11-23T11:00'::text", "2026-11-23 11:00:00"),
    cast_entry(kD, kT, kOnly, time_to_text<format_date>, "ISO.", "date '20261123'::text",
               "2026-11-23"),
    cast_entry(kI, kT, kOnly, interval_to_text, "As PostgreSQL's intervalstyle postgres.",
               "interval '90 minutes'::text", "01:30:00"),
    cast_entry(kT, kTz, kOnly, text_to_time<parse_timestamptz, kTz>,
               "Reads an ISO time; without a zone it is UTC.",
               "'2026-11-23 10:00'::text::timestamptz", "2026-11-23 10:00:00+00"),
    cast_entry(kT, kTs, kOnly, text_to_time<parse_timestamp, kTs>,
               "Reads an ISO time; a zone does not count.",
               "'2026-11-23 10:00+05'::text::timestamp", "2026-11-23 10:00:00"),
    cast_entry(kT, kD, kOnly, text_to_time<parse_date, kD>, "Reads an ISO date.",
               "'2026-11-23'::text::date", "2026-11-23"),
    cast_entry(kT, kI, kOnly, text_to_interval, "Reads `1 day 02:00`, `3 hours ago`, `P1DT2H`.",
               "'P1DT2H'::text::interval", "1 day 02:00:00"),
};

}  // namespace

std::span<const Function> calendar_casts() { return kCasts; }

}  // namespace millrace
