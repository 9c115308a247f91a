#include "window/calendar.h"

#include <gtest/gtest.h>

#include <random>

#include "window/slicer.h"

namespace millrace {
namespace {

EventTime at(std::string_view rfc3339) { return parse_rfc3339(rfc3339).value(); }

Calendar calendar(std::string_view zone, CalendarUnit unit = CalendarUnit::kDay) {
  return {Zone::find(zone).value(), unit};
}

std::string text(const Span& span) {
  return format_rfc3339(span.start) + " " + format_rfc3339(span.end);
}

/// The unit that holds the instant; expected bounds are Python's zoneinfo.
std::string unit_at(std::string_view zone, CalendarUnit unit, std::string_view time) {
  return text(calendar(zone, unit).span_of(at(time)));
}
std::string day_at(std::string_view zone, std::string_view time) {
  return unit_at(zone, CalendarUnit::kDay, time);
}

TEST(Calendar, R8_BerlinHasDaysOf23And25Hours) {
  EXPECT_EQ(day_at("Europe/Berlin", "2024-03-30T12:00:00Z"),
            "2024-03-29T23:00:00Z 2024-03-30T23:00:00Z");
  EXPECT_EQ(day_at("Europe/Berlin", "2024-03-31T12:00:00Z"),
            "2024-03-30T23:00:00Z 2024-03-31T22:00:00Z");
  EXPECT_EQ(day_at("Europe/Berlin", "2024-10-27T12:00:00Z"),
            "2024-10-26T22:00:00Z 2024-10-27T23:00:00Z");
  EXPECT_EQ(day_at("Europe/Berlin", "2050-10-30T12:00:00Z"),
            "2050-10-29T22:00:00Z 2050-10-30T23:00:00Z");
  EXPECT_EQ(unit_at("Europe/Berlin", CalendarUnit::kWeek, "2024-03-31T21:59:59Z"),
            "2024-03-24T23:00:00Z 2024-03-31T22:00:00Z");
  EXPECT_EQ(unit_at("Europe/Berlin", CalendarUnit::kMonth, "2024-03-31T21:59:59Z"),
            "2024-02-29T23:00:00Z 2024-03-31T22:00:00Z");
}

TEST(Calendar, R8_NewYork) {
  EXPECT_EQ(day_at("America/New_York", "2015-11-01T06:05:00Z"),
            "2015-11-01T04:00:00Z 2015-11-02T05:00:00Z");
  EXPECT_EQ(day_at("America/New_York", "2016-03-13T05:00:00Z"),
            "2016-03-13T05:00:00Z 2016-03-14T04:00:00Z");
  EXPECT_EQ(day_at("America/New_York", "2016-03-13T04:59:59Z"),
            "2016-03-12T05:00:00Z 2016-03-13T05:00:00Z");
  EXPECT_EQ(unit_at("America/New_York", CalendarUnit::kWeek, "2015-11-02T04:59:59Z"),
            "2015-10-26T04:00:00Z 2015-11-02T05:00:00Z");
}

TEST(Calendar, R8_SaoPauloBeginsADayAtOne) {
  EXPECT_EQ(day_at("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z");
  EXPECT_EQ(day_at("America/Sao_Paulo", "2018-11-04T02:59:59Z"),
            "2018-11-03T03:00:00Z 2018-11-04T03:00:00Z");
  EXPECT_EQ(day_at("America/Sao_Paulo", "2018-02-18T02:30:00Z"),
            "2018-02-17T02:00:00Z 2018-02-18T03:00:00Z");
  EXPECT_EQ(unit_at("America/Sao_Paulo", CalendarUnit::kMonth, "2018-11-15T00:00:00Z"),
            "2018-11-01T03:00:00Z 2018-12-01T02:00:00Z");
}

TEST(Calendar, R8_LordHoweHasDaysOfHalfAnHourMore) {
  EXPECT_EQ(day_at("Australia/Lord_Howe", "2024-04-07T00:00:00Z"),
            "2024-04-06T13:00:00Z 2024-04-07T13:30:00Z");
  EXPECT_EQ(day_at("Australia/Lord_Howe", "2024-10-06T00:00:00Z"),
            "2024-10-05T13:30:00Z 2024-10-06T13:00:00Z");
}

TEST(Calendar, R8_ApiaHasAnEmptyDay) {
  // 30 December 2011 did not happen: nothing is ever in it, and its neighbours touch.
  EXPECT_EQ(day_at("Pacific/Apia", "2011-12-30T09:59:59Z"),
            "2011-12-29T10:00:00Z 2011-12-30T10:00:00Z");
  EXPECT_EQ(day_at("Pacific/Apia", "2011-12-30T10:00:00Z"),
            "2011-12-30T10:00:00Z 2011-12-31T10:00:00Z");
  EXPECT_EQ(unit_at("Pacific/Apia", CalendarUnit::kMonth, "2011-12-30T12:00:00Z"),
            "2011-12-01T10:00:00Z 2011-12-31T10:00:00Z");
  EXPECT_EQ(unit_at("Pacific/Apia", CalendarUnit::kYear, "2011-12-30T12:00:00Z"),
            "2011-01-01T10:00:00Z 2011-12-31T10:00:00Z");
}

TEST(Calendar, R8_KathmanduBeginsAYearAQuarterPastMidnight) {
  EXPECT_EQ(day_at("Asia/Kathmandu", "1985-12-31T18:29:59Z"),
            "1985-12-30T18:30:00Z 1985-12-31T18:30:00Z");
  EXPECT_EQ(day_at("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
            "1985-12-31T18:30:00Z 1986-01-01T18:15:00Z");
  EXPECT_EQ(unit_at("Asia/Kathmandu", CalendarUnit::kYear, "1986-07-01T00:00:00Z"),
            "1985-12-31T18:30:00Z 1986-12-31T18:15:00Z");
}

TEST(Calendar, R8_TheHourThatRepeatsOverMidnightStaysInTheDayThatBegan) {
  EXPECT_EQ(day_at("America/St_Johns", "2010-11-07T02:29:59Z"),
            "2010-11-06T02:30:00Z 2010-11-07T02:30:00Z");
  EXPECT_EQ(day_at("America/St_Johns", "2010-11-07T02:45:00Z"),
            "2010-11-07T02:30:00Z 2010-11-08T03:30:00Z");
  EXPECT_EQ(day_at("America/St_Johns", "2010-11-07T03:15:00Z"),
            "2010-11-07T02:30:00Z 2010-11-08T03:30:00Z");
}

TEST(Calendar, R8_WeeksBeginOnMonday) {
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kWeek, "2024-01-01T00:00:00Z"),
            "2024-01-01T00:00:00Z 2024-01-08T00:00:00Z");
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kWeek, "2023-12-31T23:59:59.999999Z"),
            "2023-12-25T00:00:00Z 2024-01-01T00:00:00Z");
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kWeek, "1969-12-31T00:00:00Z"),
            "1969-12-29T00:00:00Z 1970-01-05T00:00:00Z");
}

TEST(Calendar, R8_MonthsAndYearsKnowLeapDays) {
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kMonth, "2024-02-29T12:00:00Z"),
            "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z");
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kMonth, "1969-12-31T12:00:00Z"),
            "1969-12-01T00:00:00Z 1970-01-01T00:00:00Z");
  EXPECT_EQ(unit_at("UTC", CalendarUnit::kYear, "1900-02-28T12:00:00Z"),
            "1900-01-01T00:00:00Z 1901-01-01T00:00:00Z");
}

TEST(Calendar, UnitsAtBothEndsOfTimeHoldTheirTimes) {
  for (const CalendarUnit unit :
       {CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kMonth, CalendarUnit::kYear}) {
    for (const char* zone : {"UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York"}) {
      for (const EventTime t : {kTimestamptzMin, kTimeMax - 1, kTimeMax - kSecondUs * 86400}) {
        const Span span = calendar(zone, unit).span_of(t);
        EXPECT_TRUE(span.start <= t && t < span.end) << zone << " " << text(span);
      }
    }
  }
}

/// R8: assignment and closing are one function, so units must tile time whatever was asked before.
TEST(Calendar, R8_UnitsTileTime) {
  std::mt19937_64 random(8);
  for (const char* zone :
       {"America/St_Johns", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"}) {
    for (const CalendarUnit unit :
         {CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kMonth}) {
      const Calendar remembering = calendar(zone, unit);
      Span span = remembering.span_of(at("2005-01-01T00:00:00Z"));
      while (span.end < at("2013-01-01T00:00:00Z")) {
        const Span next = remembering.span_of(span.end);
        ASSERT_EQ(next.start, span.end) << zone << " " << text(next);
        std::uniform_int_distribution<EventTime> inside(next.start, next.end - 1);
        ASSERT_EQ(calendar(zone, unit).span_of(inside(random)), next) << zone;
        ASSERT_EQ(calendar(zone, unit).span_of(next.end - 1), next) << zone;
        span = next;
      }
    }
  }
}

TEST(Calendar, R8_PinnedSpansDoNotMoveWhenRulesDo) {
  Calendar days = calendar("UTC");
  const Span open{at("2024-01-01T22:00:00Z"), at("2024-01-02T22:00:00Z")};
  days.pin({open, {at("2024-01-05T00:00:00Z"), at("2024-01-06T00:00:00Z")}});
  EXPECT_EQ(days.pinned(), std::vector<Span>{open});
  EXPECT_EQ(text(days.span_of(at("2024-01-02T12:00:00Z"))),
            "2024-01-01T22:00:00Z 2024-01-02T22:00:00Z");
  EXPECT_EQ(text(days.span_of(at("2024-01-01T21:00:00Z"))),
            "2024-01-01T00:00:00Z 2024-01-01T22:00:00Z");
  EXPECT_EQ(text(days.span_of(at("2024-01-02T22:00:00Z"))),
            "2024-01-02T22:00:00Z 2024-01-03T00:00:00Z");
  EXPECT_EQ(text(days.span_of(at("2024-01-03T12:00:00Z"))),
            "2024-01-03T00:00:00Z 2024-01-04T00:00:00Z");
}

TEST(Slicer, R8_CalendarWindowsAreOneSliceEach) {
  const Slicer slicer = Slicer::calendar(calendar("Europe/Berlin"));
  const Span day{at("2024-03-30T23:00:00Z"), at("2024-03-31T22:00:00Z")};
  EXPECT_TRUE(slicer.one_slice_per_window());
  EXPECT_EQ(slicer.slice_of(day.start), day);
  EXPECT_EQ(slicer.last_end_of(day.start), day.end);
  EXPECT_EQ(slicer.first_window_ending_after(day.end - 1), day);
  EXPECT_EQ(slicer.first_window_ending_after(day.end).start, day.end);
}

}  // namespace
}  // namespace millrace
