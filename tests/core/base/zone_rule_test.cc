#include <gtest/gtest.h>

#include "base/zone_table.h"

namespace millrace {
namespace {

ZoneRule rule(std::string_view text) {
  ZoneRule out;
  EXPECT_TRUE(ZoneRule::parse(text, out)) << text;
  return out;
}

/// Readings at which summer begins and ends, without the Z that a wall clock does not show.
std::string summer(std::string_view text, int64_t year) {
  const ZoneRule parsed = rule(text);
  std::string out;
  for (const auto& date : {parsed.summer_begins, parsed.summer_ends}) {
    std::string reading = format_rfc3339(ZoneRule::local_time_of(date, year));
    reading.pop_back();
    out += (out.empty() ? "" : " ") + reading;
  }
  return out;
}

TEST(ZoneRule, WeekFiveIsTheLast) {
  EXPECT_EQ(summer("CET-1CEST,M3.5.0,M10.5.0/3", 2024), "2024-03-31T02:00:00 2024-10-27T03:00:00");
  EXPECT_EQ(summer("CET-1CEST,M3.5.0,M10.5.0/3", 2026), "2026-03-29T02:00:00 2026-10-25T03:00:00");
  // October 2022 began on a Saturday, and has five of them.
  EXPECT_EQ(summer("A0B,M10.5.6/0,M10.1.6/0", 2022), "2022-10-29T00:00:00 2022-10-01T00:00:00");
  EXPECT_EQ(summer("A0B,M2.5.4/0,M12.5.2/0", 2024), "2024-02-29T00:00:00 2024-12-31T00:00:00");
}

TEST(ZoneRule, ClocksMayReachIntoOtherDays) {
  EXPECT_EQ(summer("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2024),
            "2024-03-30T23:00:00 2024-10-27T00:00:00");
  EXPECT_EQ(summer("EET-2EEST,M3.4.4/50,M10.4.4/50", 2024),
            "2024-03-30T02:00:00 2024-10-26T02:00:00");
}

TEST(ZoneRule, DaysOfTheYearWithAndWithoutLeapDay) {
  // J60 is 1 March in every year; 59, counted from 0, is 29 February in leap years.
  EXPECT_EQ(summer("A0B,J60/0,J59/0", 2024), "2024-03-01T00:00:00 2024-02-28T00:00:00");
  EXPECT_EQ(summer("A0B,J60/0,J59/0", 2023), "2023-03-01T00:00:00 2023-02-28T00:00:00");
  EXPECT_EQ(summer("A0B,59/0,365/0", 2024), "2024-02-29T00:00:00 2024-12-31T00:00:00");
  EXPECT_EQ(summer("A0B,59/0,364/0", 2023), "2023-03-01T00:00:00 2023-12-31T00:00:00");
}

TEST(ZoneRule, OffsetsCountWestward) {
  EXPECT_EQ(rule("<+0545>-5:45").standard_us, (5 * 60 + 45) * 60 * kSecondUs);
  EXPECT_FALSE(rule("<+0545>-5:45").has_summer);
  EXPECT_EQ(rule("EST5EDT,M3.2.0,M11.1.0").summer_us, -4 * 3600 * kSecondUs);
  EXPECT_EQ(rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").summer_us, 11 * 3600 * kSecondUs);
}

TEST(ZoneRule, RefusesWhatIsNone) {
  for (const char* text :
       {"", "5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x",
        "EST5EDT,J0,J1", "EST5EDT,J366,J1", "<EST5", "EST5EDT,M3.2.0/168,M11.1.0", "EST5:60"}) {
    ZoneRule out;
    EXPECT_FALSE(ZoneRule::parse(text, out)) << text;
  }
}

}  // namespace
}  // namespace millrace
