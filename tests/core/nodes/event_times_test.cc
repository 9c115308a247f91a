#include "nodes/event_times.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Unit = EventTimeConfig::Unit;

template <class Value>
Column column_of(Type type, Value value) {
  Column column;
  column.reset(type, 1);
  if constexpr (std::is_same_v<Value, double>) {
    column.floats[0] = value;
  } else if constexpr (std::is_integral_v<Value>) {
    column.ints[0] = value;
  } else {
    column.texts[0] = value;
  }
  return column;
}

/// The time, or why there is none.
template <class Value>
std::string read(Unit unit, Type type, Value value) {
  EventTimePlan plan;
  plan.unit = unit;
  EventTimes times(plan);
  EventTime time = kTimeNone;
  const char* fault = times.read(column_of(type, value), 0, kTimeMax, time);
  return fault ? fault : std::to_string(time);
}

TEST(EventTimes, E14_NumbersAreCountedInTheUnitAndFloored) {
  EXPECT_EQ(read(Unit::kSeconds, Type::kInt8, int64_t{-7}), "-7000000");
  EXPECT_EQ(read(Unit::kMillis, Type::kInt4, int64_t{5}), "5000");
  EXPECT_EQ(read(Unit::kMicros, Type::kInt8, int64_t{5}), "5");
  EXPECT_EQ(read(Unit::kNanos, Type::kInt8, int64_t{-1}), "-1");
  EXPECT_EQ(read(Unit::kSeconds, Type::kFloat8, 1.5), "1500000");
  EXPECT_EQ(read(Unit::kSeconds, Type::kFloat8, 1700000000.123456), "1700000000123456");
  EXPECT_EQ(read(Unit::kSeconds, Type::kFloat8, 1e-7), "0");
  EXPECT_EQ(read(Unit::kSeconds, Type::kText, std::string_view("1e3")), "1000000000");
}

TEST(EventTimes, R14_WhatIsNoTimeIsTold) {
  EXPECT_EQ(read(Unit::kSeconds, Type::kInt8, INT64_MAX), "the event time cannot be read");
  EXPECT_EQ(read(Unit::kSeconds, Type::kText, std::string_view("soon")),
            "the event time cannot be read");
  EXPECT_EQ(read(Unit::kSeconds, Type::kFloat8, std::numeric_limits<double>::infinity()),
            "the event time cannot be read");
  EXPECT_EQ(read(Unit::kRfc3339, Type::kInt8, int64_t{1}), "the event time cannot be read");
  EXPECT_EQ(read(Unit::kMicros, Type::kInt8, kTimestamptzMin - 1), "the event time cannot be read");
}

TEST(EventTimes, R14_BoundsAndMaxFuture) {
  EventTimePlan plan;
  plan.bounds_from = 10;
  plan.bounds_to = 20;
  plan.max_future_us = 5;
  const EventTimes times(plan);
  EXPECT_STREQ(times.fault_of(kTimeNone, 100), "there is no event time");
  EXPECT_STREQ(times.fault_of(9, 100), "event time is outside of bounds");
  EXPECT_EQ(times.fault_of(10, 100), nullptr);
  EXPECT_EQ(times.fault_of(19, 14), nullptr);
  EXPECT_STREQ(times.fault_of(19, 13), "event time is further ahead than max_future");
  EXPECT_STREQ(times.fault_of(20, 100), "event time is outside of bounds");
}

}  // namespace
}  // namespace millrace
