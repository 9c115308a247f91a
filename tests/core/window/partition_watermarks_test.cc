#include "window/partition_watermarks.h"

#include <gtest/gtest.h>

#include <random>

#include "partition_events.h"

namespace millrace {
namespace {

constexpr Rules kReplay{.out_of_orderness_us = 10, .bounded = true};

TEST(PartitionWatermarks, R15_TheSlowestPartitionDecides) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 50);
  EXPECT_EQ(w.now(), 40);
  w.observe(0, 200);
  EXPECT_EQ(w.now(), 40);
  w.observe(1, 120);
  EXPECT_EQ(w.now(), 110);
  EXPECT_EQ(w.holder()->number, 1u);
  EXPECT_EQ(w.max_time(), 200);
}

TEST(PartitionWatermarks, R15_AnUnknownPartitionHoldsWBack) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 100);
  EXPECT_EQ(w.now(), kTimeNone);
  EXPECT_EQ(w.holder()->number, 1u);
  w.observe(1, 100);
  EXPECT_EQ(w.now(), 90);
  w.take({What::kAssigned, 2}, 0);
  w.observe(0, 500);
  w.observe(1, 500);
  EXPECT_EQ(w.now(), 90) << "held where it is";
}

TEST(PartitionWatermarks, R15_OfTwoEquallySlowOnesTheFirstIsTold) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 100);
  EXPECT_EQ(w.holder()->number, 0u);
}

TEST(PartitionWatermarks, R20_AnEndedPartitionThatIsAssignedAgainIsAsItWasBeforeTheEnd) {
  PartitionWatermarks w({.bounded = true});
  assign(w, {0, 1});
  w.observe(1, 100);
  for (uint32_t partition : {0u, 1u}) w.take({What::kAtEnd, partition}, 0);
  EXPECT_EQ(state_of(w, 0), State::kEnded);
  assign(w, {0, 1});
  EXPECT_EQ(state_of(w, 0), State::kUnknown) << "nothing of it was ever read";
  EXPECT_EQ(state_of(w, 1), State::kActive);
}

TEST(PartitionWatermarks, R9_WNeverFalls) {
  PartitionWatermarks w(kReplay);
  assign(w, {0});
  w.observe(0, 100);
  assign(w, {1});
  w.observe(1, 20);
  EXPECT_EQ(w.now(), 90) << "a slow partition that comes later holds W and does not move it back";
  w.observe(0, 200);
  EXPECT_EQ(w.now(), 90);
}

TEST(PartitionWatermarks, R42_FilesReadOneAfterTheOtherAreOneLog) {
  PartitionWatermarks files(kReplay);
  Watermark one(10);
  std::minstd_rand random(3);
  for (uint32_t file = 0; file < 6; ++file) {
    // Their numbers are not announced as partitions.
    for (int i = 0; i < 20; ++i) {
      const auto t = static_cast<EventTime>(random() % 100 + file * 30);
      files.observe(file, t);
      one.observe(t);
      ASSERT_EQ(files.now(), one.now());
    }
  }
  EXPECT_EQ(files.partitions().size(), 1u);
}

TEST(PartitionWatermarks, R16_TheProvenEndOfABoundedPartitionFreesTheOthersAtOnce) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  EXPECT_EQ(w.now(), 90);
  w.take({What::kAtEnd, 0}, 0);
  EXPECT_EQ(w.now(), 490);
  EXPECT_EQ(state_of(w, 0), State::kEnded);
}

TEST(PartitionWatermarks, R16_IdleIsDeclaredAfterTheTimeoutFromTheProvenEndToTheTick) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 1000);
  EXPECT_EQ(w.next_tick(), 1100);
  w.take({What::kAtEnd, 0}, 1050);
  EXPECT_EQ(w.next_tick(), 1100) << "measured from the first proof";
  w.tick(1099);
  EXPECT_EQ(w.now(), 90);
  w.tick(1100);
  EXPECT_EQ(w.now(), 490);
  EXPECT_EQ(state_of(w, 0), State::kIdle);
  EXPECT_EQ(w.next_tick(), kTimeMax);
}

TEST(PartitionWatermarks, R16_SilenceIsNoProof) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  EXPECT_EQ(w.next_tick(), kTimeMax);
  w.tick(1'000'000'000);
  EXPECT_EQ(w.now(), 90);
}

TEST(PartitionWatermarks, R16_ARecordOrABrokenConnectionTakesTheProofBack) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(1, 500);
  w.observe(0, 100);
  w.take({What::kAtEnd, 0}, 1000);
  w.observe(0, kTimeNone);  // Without a usable time, but it came.
  w.tick(2000);
  EXPECT_EQ(w.now(), 90);
  w.take({What::kAtEnd, 0}, 2000);
  w.take({What::kProofLost}, 2050);
  w.tick(3000);
  EXPECT_EQ(w.now(), 90);
  w.take({What::kAtEnd, 0}, 3000);
  w.tick(3100);
  EXPECT_EQ(w.now(), 490);
}

TEST(PartitionWatermarks, R16_AnEmptyPartitionBecomesIdleToo) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.take({What::kAtEnd, 1}, 1000);
  EXPECT_EQ(w.now(), kTimeNone);
  w.tick(1100);
  EXPECT_EQ(w.now(), 90);
}

TEST(PartitionWatermarks, R16_WithoutATimeoutNothingIsEverIdle) {
  PartitionWatermarks w(Rules{.out_of_orderness_us = 10});
  assign(w, {0});
  w.take({What::kAtEnd, 0}, 0);
  EXPECT_EQ(w.next_tick(), kTimeMax);
  w.tick(INT64_MAX);
  EXPECT_EQ(state_of(w, 0), State::kUnknown);
}

TEST(PartitionWatermarks, R17_WhoWakesBehindWCountsOnlyWhenItHasCaughtUp) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 0);
  w.tick(100);
  w.observe(0, 300);
  EXPECT_EQ(state_of(w, 0), State::kBehind);
  EXPECT_EQ(w.now(), 490) << "W does not move back";
  w.observe(1, 600);
  EXPECT_EQ(w.now(), 590) << "and does not wait for it";
  w.observe(0, 599);
  EXPECT_EQ(state_of(w, 0), State::kBehind);
  w.observe(0, 600);
  EXPECT_EQ(state_of(w, 0), State::kActive) << "w_p >= W";
  w.observe(1, 900);
  EXPECT_EQ(w.now(), 590);
}

TEST(PartitionWatermarks, R17_RecordsOfWhoIsBehindAreMarked) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 0);
  w.tick(100);
  const EventTime times[] = {300, 505, 500, 510};
  const uint32_t partitions[] = {0, 1, 0, 0};
  EventTime before[5];
  std::vector<uint8_t> behind;
  w.observe_all(times, partitions, before, behind);
  EXPECT_EQ(behind, (std::vector<uint8_t>{1, 0, 1, 0}));
  EXPECT_EQ((std::vector<EventTime>(before, before + 5)),
            (std::vector<EventTime>{490, 490, 495, 495, 495}));
}

TEST(PartitionWatermarks, R18_HoldKeepsW) {
  PartitionWatermarks w(kLive);
  w.observe(0, 500);
  w.take({What::kAtEnd, 0}, 0);
  w.tick(100);
  EXPECT_TRUE(w.all_idle());
  w.tick(100'000);
  EXPECT_EQ(w.now(), 490);
  EXPECT_EQ(w.next_tick(), kTimeMax);
}

TEST(PartitionWatermarks, R18_TheClockMovesWFromTheMomentIdlenessWasProved) {
  PartitionWatermarks w(kClock);
  assign(w, {0, 1});
  w.observe(0, 500);
  w.observe(1, 400);
  w.take({What::kAtEnd, 0}, 10'000);
  w.take({What::kAtEnd, 1}, 10'050);
  w.tick(10'100);
  EXPECT_EQ(w.now(), 390) << "one is not idle yet";
  w.tick(10'170);  // The second was idle from 10'150 on; W stood at 390.
  EXPECT_EQ(w.now(), 410);
  EXPECT_EQ(w.next_tick(), 510'170);
  w.tick(10'650);
  EXPECT_EQ(w.now(), 890);
}

TEST(PartitionWatermarks, R18_TheClockNeverPassesNowMinusB) {
  PartitionWatermarks w(kClock);
  w.observe(0, 20'000);  // Ahead of the wall clock.
  w.take({What::kAtEnd, 0}, 10'000);
  w.tick(15'000);
  EXPECT_EQ(w.now(), 19'990);
  w.tick(20'000);
  EXPECT_EQ(w.now(), 19'990);
  w.tick(20'005);
  EXPECT_EQ(w.now(), 19'995);
}

TEST(PartitionWatermarks, R18_ARecordStopsTheClock) {
  PartitionWatermarks w(kClock);
  w.observe(0, 500);
  w.take({What::kAtEnd, 0}, 1000);
  w.tick(1150);
  EXPECT_EQ(w.now(), 540);
  w.observe(0, 510);  // Behind: w_p = 500 < 540.
  w.tick(5000);
  EXPECT_EQ(w.now(), 540);
  w.take({What::kAtEnd, 0}, 5000);
  w.tick(5120);
  EXPECT_EQ(w.now(), 560) << "the clock starts anew, from W as it stands";
}

TEST(PartitionWatermarks, R18_WithoutAnyRecordThereIsNothingToMove) {
  PartitionWatermarks w(kClock);
  assign(w, {0});
  w.take({What::kAtEnd, 0}, 0);
  w.tick(1000);
  EXPECT_EQ(w.now(), kTimeNone);
  EXPECT_EQ(w.next_tick(), kTimeMax);
}

TEST(PartitionWatermarks, TheSourcesOwnWatermarkCounts) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 500);
  w.take({What::kWatermark, 1, 300}, 0);
  EXPECT_EQ(w.now(), 300);
  w.take({What::kWatermark, 1, 200}, 0);
  EXPECT_EQ(w.now(), 300);
  w.take({What::kWatermark, 1, 400}, 0);
  EXPECT_EQ(w.now(), 400);
}

TEST(PartitionWatermarks, ARevokedPartitionHoldsNothing) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kRevoked, 0}, 0);
  EXPECT_EQ(w.now(), 490);
  w.observe(1, 510);
  EXPECT_EQ(w.now(), 500);
}

TEST(PartitionWatermarks, R35_GoesOnAsIfItHadNotStopped) {
  PartitionWatermarks w(kClock);
  assign(w, {0, 1, 2});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 0);
  w.take({What::kAtEnd, 2}, 0);
  w.tick(100);
  w.observe(0, 110);  // Behind.
  std::vector<PartitionWatermarks::Partition> kept;
  for (const auto& [number, p] : w.partitions()) kept.push_back(p);
  PartitionWatermarks again(kClock);
  again.restore(w.now(), kept, w.clock_since(), w.clock_from());
  EXPECT_EQ(again.now(), 490);
  for (PartitionWatermarks* one : {&w, &again}) {
    one->observe(0, 480);
    EXPECT_EQ(state_of(*one, 0), State::kBehind);
    one->observe(1, 520);
    EXPECT_EQ(one->now(), 510);
    one->observe(2, 600);
    one->observe(1, 900);
    EXPECT_EQ(one->now(), 590);
  }
}

TEST(PartitionWatermarks, E1_AGrownFileCountsAgainFromWhereItWas) {
  PartitionWatermarks w(kReplay);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 0);
  w.take({What::kAssigned, 0}, 0);
  w.observe(1, 900);
  EXPECT_EQ(w.now(), 490) << "held by what was appended";
  w.observe(0, 600);
  EXPECT_EQ(w.now(), 590);
}

/// By the definition: all records are kept, every W is computed anew.
EventTime defined_w(const std::vector<std::pair<uint32_t, EventTime>>& records, uint32_t partitions,
                    int64_t b) {
  EventTime w = kTimeNone;
  std::vector<EventTime> max_of(partitions, kTimeNone);
  for (const auto& [p, t] : records) {
    max_of[p] = std::max(max_of[p], t);
    EventTime slowest = kTimeMax;
    for (EventTime max : max_of) slowest = std::min(slowest, saturating_sub(max, b));
    w = std::max(w, slowest);
  }
  return w;
}

TEST(PartitionWatermarks, R15_EqualsTheDefinitionOverRandomRecords) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::minstd_rand random(seed);
    const uint32_t partitions = 1 + random() % 8;
    PartitionWatermarks w(Rules{.out_of_orderness_us = 7});
    for (uint32_t p = 0; p < partitions; ++p) assign(w, {p});
    std::vector<std::pair<uint32_t, EventTime>> records;
    for (int i = 0; i < 80; ++i) {
      const uint32_t p = static_cast<uint32_t>(random()) % partitions;
      const EventTime t = static_cast<EventTime>(random() % 200) - 100;
      records.emplace_back(p, t);
      w.observe(p, t);
      ASSERT_EQ(w.now(), defined_w(records, partitions, 7)) << "seed " << seed << ", record " << i;
    }
  }
}

}  // namespace
}  // namespace millrace
