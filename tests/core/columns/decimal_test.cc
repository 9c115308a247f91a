// Decimals and intervals as PostgreSQL reads, writes and orders them.

#include "columns/decimal.h"

#include <gtest/gtest.h>

#include "columns/interval.h"
#include "columns/json_encode.h"

namespace millrace {
namespace {

std::string read(std::string_view text) {
  ByteArena arena;
  std::string_view value;
  switch (parse_numeric(text, arena, value)) {
    case NumberFault::kNone: return std::string(value);
    case NumberFault::kSyntax: return "syntax";
    case NumberFault::kRange: return "range";
  }
  return "?";
}

TEST(Decimal, ReadsAsPostgres) {
  EXPECT_EQ(read("0"), "0");
  EXPECT_EQ(read("-0"), "0");
  EXPECT_EQ(read("-0.00"), "0.00");
  EXPECT_EQ(read(" +007.50 "), "7.50");
  EXPECT_EQ(read(".5"), "0.5");
  EXPECT_EQ(read("5."), "5");
  EXPECT_EQ(read("1e3"), "1000");
  EXPECT_EQ(read("1.50E1"), "15.0");
  EXPECT_EQ(read("-12.5e-3"), "-0.0125");
  EXPECT_EQ(read("0e10"), "0");
  EXPECT_EQ(read("nan"), "NaN");
  EXPECT_EQ(read("-Inf"), "-Infinity");
  EXPECT_EQ(read("infinity"), "Infinity");
  for (const char* bad : {"", " ", ".", "-", "1e", "1e+", "1 2", "0x10", "--1", "1.2.3", "-nan"}) {
    EXPECT_EQ(read(bad), "syntax") << bad;
  }
  EXPECT_EQ(read("1e131071").size(), 131072u);
  EXPECT_EQ(read("1e131072"), "range");
  EXPECT_EQ(read("1e-16384"), "range");
}

TEST(Decimal, ACanonicalTextIsNotCopied) {
  ByteArena arena;
  const std::string text = "-123.4500";
  std::string_view value;
  ASSERT_EQ(parse_numeric(text, arena, value), NumberFault::kNone);
  EXPECT_EQ(value.data(), text.data());
}

TEST(Decimal, OrdersByValue) {
  const char* rising[] = {"-Infinity", "-100.5", "-2",    "-1.99", "0",        "0.001", "0.01",
                          "2",         "10",     "99.99", "100",   "Infinity", "NaN"};
  for (size_t i = 0; i < std::size(rising); ++i) {
    for (size_t j = 0; j < std::size(rising); ++j) {
      const int order = compare_numeric(rising[i], rising[j]);
      EXPECT_EQ(order < 0, i < j) << rising[i] << " " << rising[j];
      EXPECT_EQ(order == 0, i == j) << rising[i] << " " << rising[j];
    }
  }
  EXPECT_EQ(compare_numeric("1.50", "1.5"), 0);
  EXPECT_EQ(compare_numeric("-0.10", "-0.1"), 0);
  EXPECT_EQ(compare_numeric("0.00", "0"), 0);
  EXPECT_EQ(without_trailing_zeros("1.500"), "1.5");
  EXPECT_EQ(without_trailing_zeros("10.0"), "10");
  EXPECT_EQ(without_trailing_zeros("100"), "100");
}

std::string interval_text(std::string_view text) {
  IntervalValue value;
  switch (parse_interval(text, value)) {
    case DatetimeFault::kNone: break;
    case DatetimeFault::kSyntax: return "syntax";
    default: return "range";
  }
  char out[kIntervalTextMax];
  return {out, format_interval(value, out)};
}

TEST(Interval, ReadsAndWritesAsPostgres) {
  EXPECT_EQ(interval_text("1 day"), "1 day");
  EXPECT_EQ(interval_text("-1 days"), "-1 days");
  EXPECT_EQ(interval_text("1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds"),
            "1 year 2 mons 3 days 04:05:06.789");
  EXPECT_EQ(interval_text("-1 years -2 mons +3 days -04:05:06"),
            "-1 years -2 mons +3 days -04:05:06");
  EXPECT_EQ(interval_text("1.5 months"), "1 mon 15 days");
  EXPECT_EQ(interval_text("1.5 days"), "1 day 12:00:00");
  EXPECT_EQ(interval_text("1.25 years"), "1 year 3 mons");
  EXPECT_EQ(interval_text("2 weeks"), "14 days");
  EXPECT_EQ(interval_text("3 hours ago"), "-03:00:00");
  EXPECT_EQ(interval_text("1-2"), "1 year 2 mons");
  EXPECT_EQ(interval_text("P1Y2M3DT4H5M6S"), "1 year 2 mons 3 days 04:05:06");
  EXPECT_EQ(interval_text("90"), "00:01:30");
  EXPECT_EQ(interval_text("100:00:00"), "100:00:00");
  EXPECT_EQ(interval_text("12:34.5"), "00:12:34.5");
  EXPECT_EQ(interval_text("0"), "00:00:00");
  for (const char* bad : {"", "day", "1 fortnight", "soon", "2024-02-29"}) {
    EXPECT_EQ(interval_text(bad), "syntax") << bad;
  }
  // One word to PostgreSQL, a unit written twice, a clock with more behind it, no ISO 8601.
  for (const char* bad :
       {"1 day42", "1 day-7", "1 day1.5", "1 d 2 days", "1 hour 2:03", "1:02:03 4", "1:02:03.4.5",
        "-1:02-3", "1-2 3 months", "1-2.5", "1.5 s 2 ms", "1.", "-.5", "+.5", " P1D", "P1D ",
        "1.5 mss", "2 centurys", "1:02 0.5 days"})
    EXPECT_EQ(interval_text(bad), "syntax") << bad;
  EXPECT_EQ(interval_text("1 mon42"), "1 mon 00:00:42");
  EXPECT_EQ(interval_text("2 secs 3ms"), "00:00:02.003");
  EXPECT_EQ(interval_text("1:02 3 days ago"), "-3 days -01:02:00");
  EXPECT_EQ(interval_text("3000000000 days"), "range");
  EXPECT_EQ(interval_text("1:99"), "range");
}

TEST(Interval, ComparesSpans) {
  IntervalValue month, days, hours;
  parse_interval("1 month", month);
  parse_interval("30 days", days);
  parse_interval("720 hours", hours);
  EXPECT_EQ(month.span(), days.span());
  EXPECT_EQ(month.span(), hours.span());
  for (const IntervalValue& value : {month, days, hours}) {
    const IntervalValue one = justified_interval(value);
    EXPECT_EQ(one.months, 1);
    EXPECT_EQ(one.days, 0);
    EXPECT_EQ(one.us, 0);
  }
}

TEST(JsonOutput, OfTheNewTypes) {
  ByteArena arena;
  const auto json = [&](Type type, std::string_view bytes, int64_t number) {
    Column column;
    column.reset(type, 1);
    if (storage_of(type) == Storage::kBytes) column.texts[0] = bytes;
    if (storage_of(type) == Storage::kInt) column.ints[0] = number;
    ByteBuffer out;
    write_json_cell(column, 0, out);
    return std::string(out.view());
  };
  IntervalValue value;
  parse_interval("1 day 02:00", value);
  char bytes[sizeof(value)];
  EXPECT_EQ(json(Type::kNumeric, "12.50", 0), "12.50");
  EXPECT_EQ(json(Type::kNumeric, "NaN", 0), "\"NaN\"");
  EXPECT_EQ(json(Type::kDate, "", 19782), "\"2024-02-29\"");
  EXPECT_EQ(json(Type::kTimestamp, "", 1500000), "\"1970-01-01T00:00:01.5\"");
  EXPECT_EQ(json(Type::kInterval, store_interval(value, bytes), 0), "\"1 day 02:00:00\"");
}

}  // namespace
}  // namespace millrace
