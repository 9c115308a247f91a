#include "operators/emit_timer.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Trigger = EmitConfig::Trigger;

EmitConfig every(int64_t every_us, Trigger trigger) {
  EmitConfig emit;
  emit.mode = EmitConfig::Mode::kUpdate;
  emit.every_us = every_us;
  emit.trigger = trigger;
  return emit;
}

TEST(EmitTimer, R25_TheClockIsDueOnItsVeryTick) {
  EmitTimer timer(every(10, Trigger::kClock));
  EXPECT_FALSE(timer.clock_due(25));  // The first look begins the count.
  EXPECT_FALSE(timer.clock_due(29));
  EXPECT_TRUE(timer.clock_due(30));
  EXPECT_FALSE(timer.clock_due(30));
  EXPECT_FALSE(timer.clock_due(39));
  EXPECT_TRUE(timer.clock_due(57));  // Ticks that were missed are one.
  EXPECT_FALSE(timer.clock_due(59));
  EXPECT_TRUE(timer.clock_due(60));
}

TEST(EmitTimer, R25_EventTimeCrossesAMultipleOnce) {
  EmitTimer timer(every(10, Trigger::kEventTime));
  EXPECT_FALSE(timer.crosses(20));  // Nothing came before it.
  EXPECT_FALSE(timer.crosses(29));
  EXPECT_TRUE(timer.crosses(30));
  EXPECT_FALSE(timer.crosses(30));
  EXPECT_FALSE(timer.crosses(22));
  EXPECT_FALSE(timer.crosses(39));
  EXPECT_TRUE(timer.crosses(75));
  EXPECT_EQ(timer.running(), 75);
}

TEST(EmitTimer, R25_NegativeTimesHaveTheirMultiplesToo) {
  EmitTimer timer(every(10, Trigger::kEventTime));
  EXPECT_FALSE(timer.crosses(-15));
  EXPECT_FALSE(timer.crosses(-11));
  EXPECT_TRUE(timer.crosses(-10));
  EXPECT_FALSE(timer.crosses(-1));
  EXPECT_TRUE(timer.crosses(0));
}

TEST(EmitTimer, R25_GoesOnWhereARunEnded) {
  EmitTimer timer(every(10, Trigger::kEventTime));
  timer.restore(28);
  EXPECT_TRUE(timer.crosses(31));
}

TEST(EmitTimer, R25_OfTheOtherKindNothingIsDue) {
  EmitTimer by_clock(every(10, Trigger::kClock)), by_event(every(10, Trigger::kEventTime));
  EXPECT_FALSE(by_clock.crosses(5));
  EXPECT_FALSE(by_clock.crosses(25));
  EXPECT_FALSE(by_event.clock_due(5));
  EXPECT_FALSE(by_event.clock_due(25));
}

}  // namespace
}  // namespace millrace
