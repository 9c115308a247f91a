/// Idleness whose proof is lost: the connection broke, or the leader of a partition is away.

#include <gtest/gtest.h>

#include "partition_events.h"

namespace millrace {
namespace {

/// kProofLost is of all partitions, kAssigned said again of one.
TEST(IdlenessProof, R16_AnIdlePartitionWhoseEndIsNoLongerProvenHoldsW) {
  for (const PartitionEvent lost : {PartitionEvent{What::kProofLost}, {What::kAssigned, 0}}) {
    PartitionWatermarks w(kLive);
    assign(w, {0, 1});
    w.observe(0, 100);
    w.observe(1, 500);
    w.take({What::kAtEnd, 0}, 1000);
    w.tick(1100);
    EXPECT_EQ(w.now(), 490);
    w.take(lost, 1200);
    EXPECT_EQ(state_of(w, 0), State::kUnproven);
    EXPECT_FALSE(w.all_idle());
    EXPECT_EQ(w.holder()->number, 0u);
    w.observe(1, 900);
    w.tick(9000);
    EXPECT_EQ(w.now(), 490) << "W stands, silence is no proof";
    w.take({What::kAtEnd, 0}, 9000);
    w.tick(9099);
    EXPECT_EQ(w.now(), 490) << "and the time-out runs from the new proof";
    w.tick(9100);
    EXPECT_EQ(w.now(), 890);
  }
}

TEST(IdlenessProof, R17_WhoseEndWasNoLongerProvenWakesLikeAnIdleOne) {
  PartitionWatermarks w(kLive);
  assign(w, {0, 1});
  w.observe(0, 100);
  w.observe(1, 500);
  w.take({What::kAtEnd, 0}, 1000);
  w.tick(1100);
  w.take({What::kAssigned, 0}, 1200);
  w.observe(1, 900);
  w.observe(0, 300);
  EXPECT_EQ(state_of(w, 0), State::kBehind);
  EXPECT_EQ(w.now(), 890);
  w.take({What::kAtEnd, 0}, 2000);
  w.tick(2100);
  w.take({What::kAssigned, 0}, 2200);
  w.observe(0, 901);
  EXPECT_EQ(state_of(w, 0), State::kActive);
}

TEST(IdlenessProof, R18_TheClockStandsWhileAnEndIsNotProven) {
  PartitionWatermarks w(kClock);
  assign(w, {0});
  w.observe(0, 500);
  w.take({What::kAtEnd, 0}, 1000);
  w.tick(1150);
  EXPECT_EQ(w.now(), 540);
  w.take({What::kAssigned, 0}, 1200);
  w.tick(1250);
  EXPECT_EQ(w.now(), 540);
  w.take({What::kAtEnd, 0}, 2000);
  w.tick(2120);
  EXPECT_EQ(w.now(), 560) << "from W as it stands, from when idleness was proved anew";
}

/// A restart tells all partitions again; what came while nobody ran is not read yet.
TEST(IdlenessProof, R16_ARestartProvesNoEnd) {
  PartitionWatermarks w(kClock);
  assign(w, {0});
  w.observe(0, 500);
  w.take({What::kAtEnd, 0}, 1000);
  w.tick(1150);
  PartitionWatermarks again(kClock);
  std::vector<PartitionWatermarks::Partition> kept{w.partitions().at(0)};
  again.restore(w.now(), kept, w.clock_since(), w.clock_from());
  assign(again, {0});
  again.tick(90'000);
  EXPECT_EQ(again.now(), 540);
  again.observe(0, 545);
  again.take({What::kAtEnd, 0}, 90'000);
  again.tick(90'130);
  EXPECT_EQ(again.now(), 570);
}

}  // namespace
}  // namespace millrace
