#include "base/time.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace millrace {
namespace {

constexpr int64_t kDayUs = 86'400 * kSecondUs;

TEST(EventTime, SaturatesAtBothEnds) {
  EXPECT_EQ(saturating_add(kTimeMax, 1), kTimeMax);
  EXPECT_EQ(saturating_add(kTimeMax - 1, 1), kTimeMax);
  EXPECT_EQ(saturating_add(kTimeNone, -1), kTimeNone);
  EXPECT_EQ(saturating_add(kTimeNone, kTimeMax), -1);
  EXPECT_EQ(saturating_sub(kTimeNone, 1), kTimeNone);
  EXPECT_EQ(saturating_sub(kTimeMax, -1), kTimeMax);
  EXPECT_EQ(saturating_sub(0, kTimeNone), kTimeMax);
  EXPECT_EQ(saturating_sub(-1, kTimeNone), kTimeMax);
  EXPECT_EQ(saturating_add(-3, 5), 2);
  EXPECT_EQ(saturating_sub(-3, 5), -8);
}

TEST(EventTime, R3_FloorDivRoundsTowardMinusInfinity) {
  EXPECT_EQ(floor_div(7, 2), 3);
  EXPECT_EQ(floor_div(-7, 2), -4);
  EXPECT_EQ(floor_div(-8, 2), -4);
  EXPECT_EQ(floor_div(0, 5), 0);
  EXPECT_EQ(floor_div(-1, 1'000'000), -1);
  EXPECT_EQ(floor_div(kTimeNone, 1), kTimeNone);
}

TEST(CivilDate, KnowsTheCornersOfTheCalendar) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 2, 29), 11'016);
  EXPECT_EQ(days_from_civil(1969, 12, 31), -1);
  EXPECT_EQ(days_from_civil(0, 1, 1), -719'528);
  // PostgreSQL's timestamptz begins 4714-11-24 BC, which is the year -4713.
  EXPECT_EQ(days_from_civil(-4713, 11, 24) * kDayUs, kTimestamptzMin);
}

TEST(CivilDate, EveryDayOfEightCenturiesComesBack) {
  int64_t year = -400;
  unsigned month = 1, day = 1;
  for (int64_t days = days_from_civil(-400, 1, 1); days < days_from_civil(400, 1, 1); ++days) {
    const CivilDate date = civil_from_days(days);
    ASSERT_EQ(date.year, year) << days;
    ASSERT_EQ(date.month, month) << days;
    ASSERT_EQ(date.day, day) << days;
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), days);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const unsigned lengths[] = {31, leap ? 29u : 28u, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day <= lengths[month - 1]) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    ++year;
  }
}

TEST(ParseRfc3339, ReadsDateTimeAndOffset) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01t00:00:01z"), kSecondUs);
  EXPECT_EQ(parse_rfc3339("1970-01-01 00:00:01Z"), kSecondUs);
  EXPECT_EQ(parse_rfc3339("2026-11-23T10:00:00Z"), 1'795'428'000 * kSecondUs);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -kSecondUs);
  EXPECT_EQ(parse_rfc3339("0000-01-01T00:00:00Z"), -719'528 * kDayUs);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999999Z"),
            days_from_civil(10000, 1, 1) * kDayUs - 1);
}

TEST(ParseRfc3339, SubtractsTheOffset) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(parse_rfc3339("1969-12-31T16:30:00-07:30"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00-00:00"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01T05:45:00+0545"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01T02:00:00+02"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01T23:59:00+23:59"), 0);
}

TEST(ParseRfc3339, CutsFractionsBeyondMicrosecondsTowardMinusInfinity) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), 500'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000001Z"), 1);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000019Z"), 1);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789123456789Z"), 123'456);
  // Half a microsecond before 1970 lies in the microsecond that begins at -1.
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.9999995Z"), -1);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:58.5Z"), -1'500'000);
}

TEST(ParseRfc3339, CountsALeapSecondAsTheSecondAfterIt) {
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("1990-12-31T15:59:60-08:00"), parse_rfc3339("1991-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:61Z"), std::nullopt);
}

TEST(ParseRfc3339, KnowsTheLengthOfMonths) {
  EXPECT_TRUE(parse_rfc3339("2000-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  for (const char* text : {"1900-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2023-04-31T00:00:00Z",
                           "2023-00-01T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-00T00:00:00Z",
                           "2023-12-32T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(ParseRfc3339, AcceptsNothingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-23",
                           "2026-11-23T10:00:00",
                           "2026-11-23T10:00Z",
                           "20261123T100000Z",
                           "2026-11-23T10:00:00.Z",
                           "2026-11-23T10:00:00,5Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T10:60:00Z",
                           "2026-11-23T10:00:00+1:00",
                           "2026-11-23T10:00:00+24:00",
                           "2026-11-23T10:00:00+01:60",
                           "2026-11-23T10:00:00+01:",
                           "2026-11-23T10:00:00+",
                           "2026-11-23T10:00:00UTC",
                           "2026-11-23T10:00:00Z ",
                           " 2026-11-23T10:00:00Z",
                           "2026-11-23_10:00:00Z",
                           "2026-11-23T10:00:00ZZ",
                           "+2026-11-23T10:00:00Z",
                           "-000001-01-01T00:00:00Z",
                           "2026-1-23T10:00:00Z",
                           "2026-11-2310:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
  // Cut anywhere, a good text is none.
  const std::string good = "2026-11-23T10:00:00.5+01:30";
  for (size_t size = 0; size < good.size(); ++size) {
    const bool whole = size == std::strlen("2026-11-23T10:00:00.5+01");
    EXPECT_EQ(parse_rfc3339(good.substr(0, size)).has_value(), whole) << size;
  }
}

TEST(FormatRfc3339, WritesAFractionOnlyIfItIsNotZero) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(500'000), "1970-01-01T00:00:00.5Z");
  EXPECT_EQ(format_rfc3339(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_rfc3339(120'000), "1970-01-01T00:00:00.12Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(1'795'428'000 * kSecondUs), "2026-11-23T10:00:00Z");
}

TEST(FormatRfc3339, ExpandsYearsThatHaveNotFourDigits) {
  EXPECT_EQ(format_rfc3339(days_from_civil(0, 1, 1) * kDayUs), "0000-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(days_from_civil(0, 1, 1) * kDayUs - 1),
            "-000001-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(kTimestamptzMin), "-004713-11-24T00:00:00Z");
  EXPECT_EQ(format_rfc3339(days_from_civil(10000, 1, 1) * kDayUs), "+010000-01-01T00:00:00Z");
}

TEST(FormatRfc3339, NeedsAtMost32CharactersAtTheEndsOfInt64) {
  EXPECT_EQ(format_rfc3339(kTimeMax), "+294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(format_rfc3339(kTimeNone), "-290308-12-21T19:59:05.224192Z");
  char text[32];
  EXPECT_LE(write_rfc3339(kTimeMax, text) - text, 32);
}

TEST(FormatRfc3339, ComesBackForAnyTimeOfFourDigitYears) {
  std::mt19937_64 random(42);
  std::uniform_int_distribution<int64_t> times(days_from_civil(0, 1, 1) * kDayUs,
                                               days_from_civil(10000, 1, 1) * kDayUs - 1);
  for (int i = 0; i < 20'000; ++i) {
    const EventTime time = times(random);
    ASSERT_EQ(parse_rfc3339(format_rfc3339(time)), time) << format_rfc3339(time);
  }
}

}  // namespace
}  // namespace millrace
