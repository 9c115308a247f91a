// Dedupe: R33, and what a restart must find again.
#include <gtest/gtest.h>

#include "window/first_seen.h"
#include "window/last_seen.h"

namespace millrace {
namespace {

bool seen(LastSeen& ids, std::string_view key, EventTime t, std::string row = "") {
  return ids.seen(key, t, [&] { return row; });
}

TEST(FirstSeen, R33_ADuplicateUpToFirstPlusKeepToTheTick) {
  FirstSeen ids(10);
  EXPECT_FALSE(ids.seen("a", 100));
  EXPECT_TRUE(ids.seen("a", 110));
  EXPECT_FALSE(ids.seen("a", 111)) << "the first again, from 111 on";
  EXPECT_TRUE(ids.seen("a", 121));
}

TEST(FirstSeen, R33_AnEarlierTimeOfAKnownIdIsADuplicate) {
  FirstSeen ids(10);
  EXPECT_FALSE(ids.seen("a", 100));
  EXPECT_TRUE(ids.seen("a", -5));
  EXPECT_FALSE(ids.seen("b", -5));
}

TEST(FirstSeen, R33_ForgettingCannotShowToOnTimeRecords) {
  FirstSeen forgets(10), remembers(10);
  for (EventTime w = 0; w < 200; ++w) {
    // On time: t >= W - L.
    const EventTime t = w + (w * 7) % 13;
    EXPECT_EQ(forgets.seen("a", t), remembers.seen("a", t)) << w;
    forgets.forget(w);
  }
  EXPECT_LE(forgets.slices().rows(), 4u);
}

TEST(FirstSeen, ForgottenIdsLeaveTheMemory) {
  FirstSeen ids(8);
  for (int i = 0; i < 1000; ++i) {
    ids.seen("id " + std::to_string(i), i);
    ids.forget(i);
  }
  EXPECT_LE(ids.size(), 12u);
  EXPECT_EQ(ids.slices().take_dropped().size(), 1000 - ids.size());
}

TEST(FirstSeen, R35_ARestoredIdIsKnown) {
  FirstSeen ids(10);
  ids.restore(90, "a", 100);
  ids.restore(110, "a", 111);
  EXPECT_TRUE(ids.seen("a", 121));
  EXPECT_FALSE(ids.seen("a", 122));
}

TEST(LastSeen, R33_TheLargestTimeIsHandedOutOnceTheIdIsForgotten) {
  LastSeen ids(10);
  EXPECT_FALSE(seen(ids, "a", 100, "first"));
  EXPECT_TRUE(seen(ids, "a", 105, "last"));
  EXPECT_TRUE(seen(ids, "a", 103, "between"));
  EXPECT_EQ(ids.take_due(110), nullptr) << "forgotten iff W - L > t_first + keep";
  const LastSeen::Round* round = ids.take_due(111);
  ASSERT_NE(round, nullptr);
  EXPECT_EQ(round->row, "last");
  EXPECT_EQ(round->last, 105);
  EXPECT_EQ(ids.take_due(kTimeMax), nullptr) << "once";
}

TEST(LastSeen, R43_WhatIsStoredDoesNotShowWhenItWasHandedOut) {
  LastSeen ids(10);
  seen(ids, "a", 100, "time");
  seen(ids, "b", 200, "end");
  const LastSeen::Round* by_time = ids.take_due(111);
  ASSERT_NE(by_time, nullptr);
  EXPECT_FALSE(by_time->handed_out) << "W says so too";
  const LastSeen::Round* by_end = ids.take_due(kTimeMax);
  ASSERT_NE(by_end, nullptr);
  EXPECT_TRUE(by_end->handed_out);
}

TEST(LastSeen, R43_SequenceNumbersGoOnAfterARestart) {
  LastSeen ids(10);
  ids.restore_sequence(7);
  seen(ids, "a", 100, "row");
  EXPECT_EQ(ids.take_due(111)->sequence, 7u);
}

TEST(LastSeen, OfEqualTimesTheLaterInTheLogWins) {
  LastSeen ids(10);
  seen(ids, "a", 100, "one");
  seen(ids, "a", 100, "two");
  EXPECT_EQ(ids.take_due(kTimeMax)->row, "two");
}

TEST(LastSeen, R33_ARoundBehindAnOpenOneIsItsOwn) {
  LastSeen ids(10);
  EXPECT_FALSE(seen(ids, "a", 100, "one"));
  EXPECT_FALSE(seen(ids, "a", 111, "two"));
  EXPECT_TRUE(seen(ids, "a", 109, "one again")) << "belongs to the first round";
  EXPECT_EQ(ids.take_due(111)->row, "one again");
  EXPECT_EQ(ids.take_due(121), nullptr);
  EXPECT_EQ(ids.take_due(122)->row, "two");
}

TEST(LastSeen, R33_ADuplicateUpToTheLastInstantOfItsRound) {
  LastSeen ids(10);
  EXPECT_FALSE(seen(ids, "a", 100, "one"));
  EXPECT_TRUE(seen(ids, "a", 110, "t_first + keep"));
  EXPECT_FALSE(seen(ids, "a", 111, "behind it"));
}

TEST(LastSeen, E1_OnlyWhatTheEndHandsOutIsWrittenAgain) {
  LastSeen by_time(10), by_end(10);
  for (LastSeen* ids : {&by_time, &by_end}) {
    LastSeen::Round round;
    round.first = round.last = 100;
    ids->restore(ids->slices().slice_of(100), "a", round, 100);
  }
  ASSERT_NE(by_time.take_due(111), nullptr);
  ASSERT_NE(by_end.take_due(kTimeMax), nullptr);
  EXPECT_TRUE(by_time.slices().all().begin()->second.dirty.empty()) << "W tells it anew";
  EXPECT_EQ(by_end.slices().all().begin()->second.dirty.size(), 1u);
}

TEST(LastSeen, E1_WhatTheEndHandedOutIsNotHandedOutAgain) {
  LastSeen ids(10);
  seen(ids, "a", 100, "one");
  ASSERT_NE(ids.take_due(kTimeMax), nullptr);
  EXPECT_TRUE(seen(ids, "a", 104, "appended")) << "of longer input, in a later run";
  EXPECT_EQ(ids.take_due(kTimeMax), nullptr);
}

TEST(LastSeen, R35_RestoredRoundsGoOnWhereTheyWere) {
  LastSeen ids(10);
  LastSeen::Round one, two;
  one.first = one.last = 100;
  one.row = "handed out before";
  two.first = two.last = 101;
  two.sequence = 1;
  two.row = "open";
  ids.restore(100, "a", one, 111);
  ids.restore(100, "b", two, 111);
  EXPECT_EQ(ids.take_due(kTimeMax)->row, "open");
  EXPECT_EQ(ids.take_due(kTimeMax), nullptr);
}

}  // namespace
}  // namespace millrace
