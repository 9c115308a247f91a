// The order of partitions that are merged: R22.
#include "kafka/merged_heads.h"

#include <gtest/gtest.h>
#include <millrace/abi.h>

#include <limits>

namespace millrace::kafka {
namespace {

constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

MergedHeads heads(size_t count, int64_t max_idle_us = kForEver) {
  MergedHeads out(max_idle_us);
  out.resize(count);
  return out;
}

TEST(MergedHeads, R22_TheEarliestGoesFirstOfEqualOnesTheSmallerPartition) {
  MergedHeads merged = heads(3);
  merged.put(0, 7);
  merged.put(1, 5);
  merged.put(2, 5);
  EXPECT_EQ(merged.next(0).message, 1u);
  merged.taken(1);
  merged.put(1, 6);
  EXPECT_EQ(merged.next(0).message, 2u);
}

TEST(MergedHeads, R22_NothingGoesWhileAPartitionIsUnknown) {
  MergedHeads merged = heads(2);
  EXPECT_EQ(merged.next(0).missing, 0u);
  merged.put(0, 7);
  EXPECT_EQ(merged.next(0).message, std::nullopt);
  EXPECT_EQ(merged.next(0).missing, 1u);
  merged.put(1, 9);
  EXPECT_EQ(merged.next(0).message, 0u);
  merged.taken(0);
  EXPECT_EQ(merged.next(0).missing, 0u) << "what was taken is followed by what we do not know";
}

TEST(MergedHeads, R22_AProvenEndIsWaitedForAsLongAsAsked) {
  MergedHeads merged = heads(2, 100);
  merged.put(0, 7);
  merged.at_end(1, 1000);
  EXPECT_EQ(merged.next(1099).missing, 1u);
  EXPECT_EQ(merged.next(1100).message, 0u);
  merged.put(1, 3);
  EXPECT_EQ(merged.next(1100).message, 1u) << "it woke in time to be first";
  merged.at_end(0, 1100);
  EXPECT_TRUE(merged.has_message(0)) << "the end stands behind its message";
}

TEST(MergedHeads, R22_WhatHasNoUsableTimeHoldsBackNothing) {
  MergedHeads merged = heads(3);
  merged.put(0, -7);
  merged.put(1, MR_TIME_NONE);
  merged.put(2, MR_TIME_NONE);
  EXPECT_EQ(merged.next(0).message, 1u)
      << "before all that have a time, in the order of partitions";
  merged.taken(1);
  EXPECT_EQ(merged.next(0).missing, 1u) << "what follows in its partition may be another such";
  merged.put(1, -8);
  EXPECT_EQ(merged.next(0).message, 2u);
  merged.taken(2);
  merged.put(2, 0);
  EXPECT_EQ(merged.next(0).message, 1u);
}

TEST(MergedHeads, R16_AnEndThatIsNoLongerProvenIsWaitedFor) {
  MergedHeads merged = heads(2, 100);
  merged.put(0, 7);
  merged.at_end(1, 1000);
  merged.end_unproven(0);
  EXPECT_EQ(merged.next(1100).message, 0u) << "a message is no end";
  merged.end_unproven(1);
  EXPECT_EQ(merged.next(5000).missing, 1u);
  merged.at_end(1, 6000);
  EXPECT_EQ(merged.next(6099).missing, 1u) << "a new proof, from which the wait runs anew";
  EXPECT_EQ(merged.next(6100).message, 0u);
  merged.ended(1);
  merged.end_unproven(1);
  EXPECT_EQ(merged.next(0).message, 0u) << "behind --until-end nothing is read";
}

TEST(MergedHeads, R22_UnlimitedWaitsForEverButNotBehindTheEnd) {
  MergedHeads merged = heads(2);
  merged.put(0, 7);
  merged.at_end(1, 1000);
  EXPECT_EQ(merged.next(kForEver - 1).missing, 1u);
  merged.ended(1);
  EXPECT_EQ(merged.next(1001).message, 0u);
  merged.taken(0);
  merged.ended(0);
  EXPECT_EQ(merged.next(1001).message, std::nullopt);
  EXPECT_EQ(merged.next(1001).missing, std::nullopt);
}

}  // namespace
}  // namespace millrace::kafka
