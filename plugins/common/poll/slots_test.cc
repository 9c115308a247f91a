#include "common/poll/slots.h"

#include <gtest/gtest.h>

namespace millrace::poll {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Micros kNow = std::chrono::seconds(1'760'000'000);

SlotOptions every(Micros duration) {
  SlotOptions options;
  options.every = duration;
  options.spread = false;
  return options;
}

struct Asked {
  std::optional<Slots::Slot> slot;
  std::vector<Slots::Missed> missed;
};
Asked ask(Slots& slots, Micros wall, Micros steady = Micros(0)) {
  Asked asked;
  asked.slot = slots.due(wall, steady, asked.missed);
  return asked;
}

TEST(Slots, H13_TheSlotThatIsRunningIsDueAtOnceAndOnlyOnce) {
  Slots slots(every(minutes(10)));
  slots.set_targets({"a"}, kNow);
  const Asked first = ask(slots, kNow);
  ASSERT_TRUE(first.slot);
  EXPECT_EQ(first.slot->number, 1'760'000'000 / 600);
  EXPECT_TRUE(first.missed.empty());
  slots.done(*first.slot);
  EXPECT_FALSE(ask(slots, kNow + minutes(1)).slot);
  EXPECT_EQ(slots.until_due(kNow, Micros(0)), slots.begin({0, first.slot->number + 1}) - kNow);
  EXPECT_TRUE(ask(slots, kNow + minutes(10)).slot);
}

TEST(Slots, H13_OffsetsSpreadTargetsAndDependOnTheNameAlone) {
  SlotOptions options = every(minutes(10));
  options.spread = true;
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("airport" + std::to_string(i));
  Slots slots(options), other(options);
  slots.set_targets(names, kNow);
  std::vector<int> in_minute(10);
  for (size_t i = 0; i < names.size(); ++i) {
    in_minute[static_cast<size_t>(slots.begin({i, 0}).count() / 60'000'000)]++;
  }
  for (const int count : in_minute) EXPECT_NEAR(count, 100, 40);
  other.set_targets({names[7]}, kNow);
  EXPECT_EQ(other.begin({0, 5}), slots.begin({7, 5}));
}

TEST(Slots, H13_MissedSlotsAreToldOnceAndSkipped) {
  Slots slots(every(minutes(10)));
  slots.set_targets({"a"}, kNow);
  const auto first = ask(slots, kNow).slot;
  slots.done(*first);
  const Asked late = ask(slots, kNow + minutes(45));
  ASSERT_EQ(late.missed.size(), 1u);
  EXPECT_EQ(late.missed[0].first, first->number + 1);
  EXPECT_EQ(late.missed[0].behind, late.slot->number);
  EXPECT_TRUE(ask(slots, kNow + minutes(45)).missed.empty());
}

TEST(Slots, H13_CatchUpAsksForEverySlotInOrder) {
  SlotOptions options = every(hours(1));
  options.catch_up = true;
  options.from = kNow - hours(3);
  options.to = kNow;
  Slots slots(options);
  slots.set_targets({"a"}, kNow);
  int asked = 0;
  for (auto one = ask(slots, kNow); one.slot; one = ask(slots, kNow)) {
    EXPECT_TRUE(one.missed.empty());
    EXPECT_FALSE(slots.is_over(*one.slot, kNow + hours(9)));
    slots.done(*one.slot);
    ++asked;
  }
  EXPECT_EQ(asked, 4);  // The one that was running at `from`, and those that began before `to`.
  EXPECT_TRUE(slots.is_finished());
}

TEST(Slots, H13_PartitionsStayWhenTheListChanges) {
  Slots slots(every(minutes(1)));
  slots.set_targets({"a", "b"}, kNow);
  slots.set_targets({"c", "b"}, kNow);
  EXPECT_EQ(slots.state(0).partition, 2u);
  EXPECT_EQ(slots.state(1).partition, 1u);
}

TEST(Slots, H13_PositionsRiseThoughEveryBecomesLonger) {
  Slots slots(every(minutes(1)));
  slots.set_targets({"a"}, kNow);
  const auto first = ask(slots, kNow).slot;
  const uint64_t position = slots.position(*first);
  EXPECT_EQ(position, static_cast<uint64_t>(first->number) << 20);
  slots.done(*first);
  slots.stretch(hours(1));
  const auto second = ask(slots, kNow + hours(2)).slot;
  ASSERT_TRUE(second);
  EXPECT_GT(slots.position(*second), position);
}

TEST(Slots, H13_ASlotThatIsLargerThanItsRoomTakesThatOfTheNext) {
  Slots slots(every(minutes(10)));
  slots.set_targets({"a"}, kNow);
  const uint64_t before = slots.position(*ask(slots, kNow).slot), room = 1 << 20;
  Micros wall = kNow;
  uint64_t expected = before;
  for (const auto& [records, rooms] :
       {std::pair<uint64_t, uint64_t>{0, 1}, {1, 1}, {room, 1}, {room + 1, 2}, {3 * room, 3}}) {
    slots.done(*ask(slots, wall).slot, records);
    wall += minutes(10);
    expected += rooms * room;
    EXPECT_EQ(slots.position(*ask(slots, wall).slot), expected) << records;
  }
}

TEST(Slots, H13_MissedSlotsKnowWhereTheyStood) {
  Slots slots(every(minutes(10)));
  slots.set_targets({"a"}, kNow);
  const uint64_t position = slots.position(*ask(slots, kNow).slot);
  const Asked later = ask(slots, kNow + minutes(31));
  ASSERT_EQ(later.missed.size(), 1u);
  EXPECT_EQ(later.missed[0].position, position);
  EXPECT_EQ(slots.position(*later.slot), position + (uint64_t{3} << 20));
}

TEST(Slots, H14_ABackwardClockRepeatsNothing) {
  Slots slots(every(minutes(1)));
  slots.set_targets({"a"}, kNow);
  slots.done(*ask(slots, kNow).slot);
  EXPECT_FALSE(ask(slots, kNow - hours(1)).slot);
}

TEST(Slots, H7_AHeldTargetLetsOthersGoFirst) {
  Slots slots(every(minutes(1)));
  slots.set_targets({"a", "b"}, kNow);
  slots.hold(0, seconds(5));
  EXPECT_EQ(ask(slots, kNow, seconds(1)).slot->target, 1u);
  slots.done({1, ask(slots, kNow, seconds(1)).slot->number});
  EXPECT_FALSE(ask(slots, kNow, seconds(1)).slot);
  EXPECT_EQ(slots.until_due(kNow, seconds(1)), Micros(seconds(4)));
  EXPECT_EQ(ask(slots, kNow, seconds(5)).slot->target, 0u);
}

}  // namespace
}  // namespace millrace::poll
