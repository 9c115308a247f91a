#include "operators/calendar_spans.h"

#include <gtest/gtest.h>

#include "json/write.h"

namespace millrace {
namespace {

constexpr int64_t kHourUs = 3600 * kSecondUs, kDayUs = 24 * kHourUs;

WindowGroups days_of_utc() {
  return {AggregateLayout({}),
          Slicer::calendar(Calendar(Zone::find("UTC").value(), CalendarUnit::kDay)), 0};
}

JsonValue bounds(const std::vector<Span>& spans) {
  JsonValue meta = JsonValue::object();
  JsonValue& list = meta.set("calendar", JsonValue::array());
  for (const Span& span : spans) {
    list.push_back(
        JsonValue::array({JsonValue::integer(span.start), JsonValue::integer(span.end)}));
  }
  return meta;
}

TEST(CalendarSpans, R34_OpenWindowsAndTheLastPastOneAreStored) {
  WindowGroups groups = days_of_utc();
  groups.slice_at(5 * kDayUs + kHourUs);
  groups.slice_at(7 * kDayUs);
  groups.pass(5 * kDayUs + 2);
  JsonValue meta = JsonValue::object();
  save_calendar_spans(groups, {3 * kDayUs}, meta);
  EXPECT_EQ(to_json(meta), to_json(bounds({{2 * kDayUs, 3 * kDayUs},
                                           {4 * kDayUs, 5 * kDayUs},
                                           {5 * kDayUs, 6 * kDayUs},
                                           {7 * kDayUs, 8 * kDayUs}})));
}

TEST(CalendarSpans, R8_StoredBoundsHoldAgainstNewRules) {
  // Until yesterday the zone was two hours ahead: its days began at 22:00.
  const Span open{-2 * kHourUs, 22 * kHourUs};
  WindowGroups groups = days_of_utc();
  ASSERT_TRUE(restore_calendar_spans(bounds({open, {3 * kDayUs, 4 * kDayUs}}), groups));
  EXPECT_EQ(groups.slice_starting(open.start).span(), open);
  EXPECT_EQ(groups.slice_at(21 * kHourUs).span(), open);
  WindowGroups::Due due;
  ASSERT_TRUE(groups.next_due(due));
  EXPECT_EQ(due.window, open);
  EXPECT_EQ(groups.judge(21 * kHourUs, 22 * kHourUs), WindowGroups::Verdict::kLate);
  EXPECT_EQ(groups.slicer().slice_of(23 * kHourUs), (Span{22 * kHourUs, kDayUs}));
  JsonValue meta = JsonValue::object();
  save_calendar_spans(groups, {}, meta);
  EXPECT_EQ(to_json(meta), to_json(bounds({open})))
      << "it stays what it is over the next restart, too";
}

TEST(CalendarSpans, DamagedBoundsAreNoBounds) {
  WindowGroups groups = days_of_utc();
  JsonValue meta = JsonValue::object();
  EXPECT_TRUE(restore_calendar_spans(meta, groups)) << "a commit of the time before";
  meta.set("calendar", JsonValue::integer(1));
  EXPECT_FALSE(restore_calendar_spans(meta, groups));
  meta.set("calendar", JsonValue::array({JsonValue::array({JsonValue::integer(1)})}));
  EXPECT_FALSE(restore_calendar_spans(meta, groups));
}

}  // namespace
}  // namespace millrace
