#include "window/watermark.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace millrace {
namespace {

using Times = std::vector<EventTime>;

Times observed(Watermark& watermark, const Times& times) {
  Times before(times.size() + 1);
  watermark.observe_all(times, before);
  return before;
}

TEST(Watermark, R9_StandsBehindTheLargestTime) {
  Watermark watermark(10);
  EXPECT_EQ(watermark.now(), kTimeNone);
  EXPECT_EQ(watermark.max_time(), kTimeNone);
  watermark.observe(100);
  EXPECT_EQ(watermark.now(), 90);
  watermark.observe(50);
  EXPECT_EQ(watermark.now(), 90) << "W never decreases";
  EXPECT_EQ(watermark.max_time(), 100);
  watermark.observe(-1000);
  watermark.observe(101);
  EXPECT_EQ(watermark.now(), 91);
}

TEST(Watermark, R1_TakesNegativeTimes) {
  Watermark watermark(5);
  watermark.observe(-100);
  EXPECT_EQ(watermark.now(), -105);
  watermark.observe(-50);
  EXPECT_EQ(watermark.now(), -55);
}

TEST(Watermark, R10_JudgesRecordByRecord) {
  Watermark watermark(2);
  EXPECT_EQ(observed(watermark, {10, 5, 20, 11}), (Times{kTimeNone, 8, 8, 18, 18}));
  EXPECT_EQ(observed(watermark, {30}), (Times{18, 28}));
  EXPECT_EQ(observed(watermark, {}), (Times{28}));
}

TEST(Watermark, R10_TheCutOfBatchesCannotShow) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 200; ++round) {
    Times times(random() % 100);
    for (EventTime& t : times) {
      t = random() % 10 == 0 ? kTimeNone : static_cast<EventTime>(random() % 1000) - 500;
    }
    const auto bound = static_cast<int64_t>(random() % 50);
    Watermark whole(bound), cut(bound), single(bound);
    const Times expected = observed(whole, times);
    Times pieces;
    for (size_t at = 0; at < times.size();) {
      const size_t size = std::min<size_t>(1 + random() % 9, times.size() - at);
      const Times before = observed(cut, {times.begin() + static_cast<long>(at),
                                          times.begin() + static_cast<long>(at + size)});
      pieces.insert(pieces.end(), before.begin(), before.end() - 1);
      at += size;
    }
    pieces.push_back(cut.now());
    ASSERT_EQ(pieces, expected);
    for (size_t i = 0; i < times.size(); ++i) {
      ASSERT_EQ(single.now(), expected[i]);
      single.observe(times[i]);
    }
    ASSERT_EQ(single.now(), expected.back());
    ASSERT_EQ(single.max_time(), whole.max_time());
  }
}

TEST(Watermark, R14_UnusableTimesChangeNothing) {
  Watermark watermark(0);
  EXPECT_EQ(observed(watermark, {kTimeNone, 7, kTimeNone}), (Times{kTimeNone, kTimeNone, 7, 7}));
  EXPECT_EQ(watermark.max_time(), 7);
}

TEST(Watermark, ArithmeticSaturates) {
  Watermark watermark(1000);
  watermark.observe(kTimeNone + 10);
  EXPECT_EQ(watermark.now(), kTimeNone);
  EXPECT_EQ(watermark.max_time(), kTimeNone + 10);
  Watermark far(kTimeMax);
  far.observe(5);
  EXPECT_EQ(far.now(), 5 - kTimeMax);
}

TEST(Watermark, R18_RaiseMovesForwardOnly) {
  Watermark watermark(10);
  watermark.observe(100);
  watermark.raise(95);
  EXPECT_EQ(watermark.now(), 95);
  watermark.raise(50);
  EXPECT_EQ(watermark.now(), 95);
  EXPECT_EQ(watermark.max_time(), 100) << "a decision is no record";
  watermark.observe(104);
  EXPECT_EQ(watermark.now(), 95);
  watermark.observe(106);
  EXPECT_EQ(watermark.now(), 96);
}

TEST(Watermark, R35_GoesOnAsIfItHadNotStopped) {
  Watermark first(10), second(10);
  first.observe(100);
  first.raise(97);
  second.restore(first.max_time(), first.now());
  for (EventTime t : {50, 99, 107, 108}) {
    first.observe(t);
    second.observe(t);
    EXPECT_EQ(first.now(), second.now());
    EXPECT_EQ(first.max_time(), second.max_time());
  }
}

TEST(Watermark, R20_TheEndIsBeyondAllTimes) { EXPECT_EQ(Watermark::at_end(), kTimeMax); }

TEST(WatermarkDeathTest, WantsOnePlaceMoreThanTimes) {
  Watermark watermark;
  Times times(3), before(3);
  EXPECT_DEATH(watermark.observe_all(times, before), "internal error");
}

TEST(IsClosed, R11_OnceWReachesEndPlusLateness) {
  EXPECT_FALSE(is_closed(10, 0, 9));
  EXPECT_TRUE(is_closed(10, 0, 10));
  EXPECT_FALSE(is_closed(10, 5, 14));
  EXPECT_TRUE(is_closed(10, 5, 15));
  EXPECT_FALSE(is_closed(-10, 5, -6));
  EXPECT_TRUE(is_closed(-10, 5, -5));
  EXPECT_FALSE(is_closed(10, 0, kTimeNone));
}

TEST(IsClosed, R20_TheEndClosesEveryWindow) {
  EXPECT_TRUE(is_closed(kTimeMax, 0, kTimeMax));
  EXPECT_TRUE(is_closed(kTimeMax - 1, 100, kTimeMax));
  EXPECT_FALSE(is_closed(kTimeMax - 1, 100, kTimeMax - 1));
}

TEST(IsClosed, R11_EqualsKafkaStreamsGrace) {
  // Kafka Streams takes a record into a tumbling window while end > max_ts - grace. Ours: not yet
  // W >= e + L, with (B = grace, L = 0) as well as with (B = 0, L = grace).
  for (int64_t grace : {0, 1, 7}) {
    for (EventTime end = -5; end <= 20; ++end) {
      for (EventTime max_time = -30; max_time <= 30; ++max_time) {
        const bool streams_takes = end > max_time - grace;
        EXPECT_EQ(!is_closed(end, 0, max_time - grace), streams_takes);
        EXPECT_EQ(!is_closed(end, grace, max_time), streams_takes);
      }
    }
  }
}

}  // namespace
}  // namespace millrace
