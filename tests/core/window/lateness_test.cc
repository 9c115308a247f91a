// Verdicts on records: R10, R12, R20.
#include <random>

#include "folding.h"

namespace millrace {
namespace {

using Verdict = WindowGroups::Verdict;

TEST(WindowGroups, R12_ATumblingRecordIsOnTimeOrLate) {
  const WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 0);
  EXPECT_EQ(groups.judge(5, kTimeNone), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(5, 9), Verdict::kOnTime) << "behind W, but its window is open";
  EXPECT_EQ(groups.judge(5, 10), Verdict::kLate);
  EXPECT_EQ(groups.judge(9, 10), Verdict::kLate);
  EXPECT_EQ(groups.judge(10, 10), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(-1, 0), Verdict::kLate);
  EXPECT_EQ(groups.judge(-1, -1), Verdict::kOnTime);
}

TEST(WindowGroups, R11_AllowedLatenessKeepsWindowsOpenToTheTick) {
  const WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 5);
  EXPECT_EQ(groups.judge(5, 14), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(5, 15), Verdict::kLate);
}

TEST(WindowGroups, R12_AHoppingRecordMayBeLateForSomeWindows) {
  // t = 5 lies in [-5,7), [0,12), [5,17).
  const WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  EXPECT_EQ(groups.judge(5, 6), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(5, 7), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(5, 12), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(5, 16), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(5, 17), Verdict::kLate);
}

TEST(WindowGroups, R12_ACumulativeRecordMayBeLateForSomeWindows) {
  const WindowGroups groups(small_layout(), Slicer::cumulative(6, 2, 0), 1);
  EXPECT_EQ(groups.judge(0, 2), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(0, 3), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(0, 6), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(0, 7), Verdict::kLate);
  // The last step of the window has one window only.
  EXPECT_EQ(groups.judge(5, 6), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(5, 7), Verdict::kLate);
}

TEST(WindowGroups, WithoutAWindowOnlyTheEndMakesLate) {
  const WindowGroups groups(small_layout(), Slicer::whole_stream(), 0);
  EXPECT_EQ(groups.judge(-5, kTimeMax - 1), Verdict::kOnTime);
  EXPECT_EQ(groups.judge(-5, kTimeMax), Verdict::kLate);
}

TEST(WindowGroups, R20_WhatTheEndClosedStaysClosedWhateverW) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  groups.restore_closed(12, 12);
  EXPECT_EQ(groups.closed_upto(), 12);
  EXPECT_EQ(groups.judge(1, kTimeNone), Verdict::kLate);
  EXPECT_EQ(groups.judge(5, kTimeNone), Verdict::kLatePartial);
  EXPECT_EQ(groups.judge(12, kTimeNone), Verdict::kOnTime);
}

TEST(WindowGroups, R20_WindowsFiredBeforeTheEndAreNotSealedByThemselves) {
  WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 0);
  fold(groups, 5, "k", 1);
  EXPECT_EQ(fire(groups, 10).size(), 1u);
  EXPECT_EQ(groups.fired_upto(), 10);
  EXPECT_EQ(groups.closed_upto(), kTimeNone);
  groups.seal_closed();
  EXPECT_EQ(groups.closed_upto(), 10);
}

TEST(WindowGroups, R12_VerdictsEqualTheDefinition) {
  std::mt19937_64 random(12);
  const auto from = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int i = 0; i < 20'000; ++i) {
    const int64_t every = from(1, 10);
    const int64_t offset = from(-20, 20), lateness = from(0, 15);
    const Slicer slicer = from(0, 1) ? Slicer::hopping(every + from(0, 30), every, offset)
                                     : Slicer::cumulative(every * from(1, 6), every, offset);
    WindowGroups groups(small_layout(), slicer, lateness);
    const EventTime t = from(-100, 100), w = from(-120, 150), closed_upto = from(-150, 100);
    groups.restore_closed(closed_upto, closed_upto);
    size_t closed = 0;
    const std::vector<Span> windows = windows_of(slicer, t);
    for (const Span& window : windows) {
      closed += window.end <= closed_upto || w >= window.end + lateness;
    }
    const Verdict expected = closed == windows.size() ? Verdict::kLate
                             : closed > 0             ? Verdict::kLatePartial
                                                      : Verdict::kOnTime;
    ASSERT_EQ(groups.judge(t, w), expected) << "t=" << t << " w=" << w << " L=" << lateness;
  }
}

}  // namespace
}  // namespace millrace
