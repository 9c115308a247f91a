#include "window/duplicate_filter.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr size_t kMany = 1 << 20;

TEST(DuplicateFilter, KnowsWhatItHasSeen) {
  DuplicateFilter filter(100, kMany);
  EXPECT_FALSE(filter.seen({1, 10, 0}));
  EXPECT_TRUE(filter.seen({1, 10, 0}));
  EXPECT_TRUE(filter.seen({1, 20, 0}));
  EXPECT_FALSE(filter.seen({2, 20, 0}));
  EXPECT_EQ(filter.size(), 2u);
}

TEST(DuplicateFilter, ForgetsBeyondTheHorizonToTheTick) {
  DuplicateFilter filter(100, kMany);
  EXPECT_FALSE(filter.seen({1, 10, 0}));
  EXPECT_FALSE(filter.seen({2, 110, 0}));
  EXPECT_TRUE(filter.seen({1, 110, 0})) << "exactly horizon behind";
  EXPECT_FALSE(filter.seen({3, 111, 0}));
  EXPECT_FALSE(filter.seen({1, 111, 0})) << "forgotten, and new again";
  EXPECT_TRUE(filter.seen({1, 111, 0}));
}

TEST(DuplicateFilter, AnEntrySeenAnewOutlivesItsOldTime) {
  DuplicateFilter filter(100, kMany);
  filter.seen({1, 0, 0});
  filter.seen({2, 150, 0});
  EXPECT_FALSE(filter.seen({1, 150, 0}));
  filter.seen({3, 240, 0});
  EXPECT_TRUE(filter.seen({1, 240, 0}));
}

TEST(DuplicateFilter, EachGroupHasItsOwnClock) {
  DuplicateFilter filter(100, kMany);
  EXPECT_FALSE(filter.seen({1, 10, 7}));
  EXPECT_FALSE(filter.seen({2, 100'000, 8}));
  EXPECT_TRUE(filter.seen({1, 10, 7})) << "topic 7 is slow, not old";
}

TEST(DuplicateFilter, KeepsAtMostSoManyTheOldestGoFirst) {
  DuplicateFilter filter(1'000'000, 3);
  for (uint64_t hash = 1; hash <= 5; ++hash) {
    EXPECT_FALSE(filter.seen({hash, static_cast<int64_t>(hash), 0}));
  }
  EXPECT_EQ(filter.size(), 3u);
  EXPECT_TRUE(filter.seen({5, 5, 0}));
  EXPECT_TRUE(filter.seen({3, 3, 0}));
  EXPECT_FALSE(filter.seen({2, 5, 0}));
}

TEST(DuplicateFilter, AFullFilterStillTakesEntriesOfAnotherGroup) {
  DuplicateFilter filter(1'000'000, 3);
  for (uint64_t hash = 1; hash <= 3; ++hash) filter.seen({hash, static_cast<int64_t>(hash), 0});
  EXPECT_FALSE(filter.seen({9, 100, 1}));
  EXPECT_TRUE(filter.seen({9, 100, 1})) << "the oldest go first, not the newest";
  EXPECT_EQ(filter.size(), 3u);
  EXPECT_FALSE(filter.seen({1, 100, 0})) << "1 was the oldest";
}

TEST(DuplicateFilter, R35_OfEquallyOldOnesThoseOfTheSmallerGroupGoFirst) {
  for (const bool turned : {false, true}) {
    DuplicateFilter filter(1'000'000, 3);
    for (const uint32_t i : {0u, 1u, 2u}) {
      const uint32_t group = turned ? 2 - i : i;
      filter.restore({group + 1, 50, group});
    }
    EXPECT_FALSE(filter.seen({9, 100, 7}));
    EXPECT_TRUE(filter.seen({2, 50, 1})) << turned;
    EXPECT_TRUE(filter.seen({3, 50, 2})) << turned;
    EXPECT_FALSE(filter.seen({1, 50, 0})) << turned;
  }
}

TEST(DuplicateFilter, RestoredEntriesAreKnown) {
  DuplicateFilter filter(100, kMany);
  filter.restore({1, 10, 0});
  filter.restore({2, 50, 0});
  EXPECT_TRUE(filter.seen({1, 60, 0}));
  EXPECT_TRUE(filter.seen({2, 60, 0}));
  EXPECT_FALSE(filter.seen({3, 111, 0}));
  EXPECT_FALSE(filter.seen({1, 111, 0}));
}

TEST(DuplicateFilter, TakesTimesAtTheEndsOfInt64) {
  DuplicateFilter filter(100, kMany);
  EXPECT_FALSE(filter.seen({1, kTimeNone + 1, 0}));
  EXPECT_TRUE(filter.seen({1, kTimeNone + 1, 0}));
  EXPECT_FALSE(filter.seen({2, kTimeMax, 0}));
  EXPECT_TRUE(filter.seen({2, kTimeMax, 0}));
  EXPECT_FALSE(filter.seen({1, kTimeMax, 0}));
}

}  // namespace
}  // namespace millrace
