#include "window/window_groups.h"

#include "folding.h"

namespace millrace {
namespace {

using Firings = std::vector<Fired>;

TEST(WindowGroups, FiresWindowsInOrderOfTheirEnds) {
  WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 0);
  fold(groups, 25, "b", 3);
  fold(groups, 5, "a", 1);
  fold(groups, -5, "a", 2);
  fold(groups, 7, "a", 10);
  WindowGroups::Due due;
  ASSERT_TRUE(groups.next_due(due));
  EXPECT_EQ(due.window, (Span{-10, 0}));
  EXPECT_EQ(due.closes_at, 0);
  EXPECT_EQ(fire(groups, 10),
            (Firings{{{-10, 0}, {{"a", {1, 2, 0}}}}, {{0, 10}, {{"a", {2, 11, 0}}}}}));
  ASSERT_TRUE(groups.next_due(due));
  EXPECT_EQ(due.window, (Span{20, 30}));
  EXPECT_EQ(fire(groups, 29), Firings{});
  EXPECT_EQ(fire(groups, 30), (Firings{{{20, 30}, {{"b", {1, 3, 0}}}}}));
  EXPECT_FALSE(groups.next_due(due));
  EXPECT_EQ(groups.groups(), 0u);
}

TEST(WindowGroups, R11_WaitsForTheAllowedLateness) {
  WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 5);
  fold(groups, 5, "a", 1);
  WindowGroups::Due due;
  ASSERT_TRUE(groups.next_due(due));
  EXPECT_EQ(due.closes_at, 15);
  EXPECT_EQ(fire(groups, 14), Firings{});
  fold(groups, 6, "a", 1);
  EXPECT_EQ(fire(groups, 15), (Firings{{{0, 10}, {{"a", {2, 2, 0}}}}}));
}

TEST(WindowGroups, R4_HoppingCombinesSlices) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  fold(groups, 5, "a", 1);
  fold(groups, 8, "a", 10);
  fold(groups, 8, "b", 100);
  EXPECT_EQ(fire(groups, 17), (Firings{{{-5, 7}, {{"a", {1, 1, 0}}}},
                                       {{0, 12}, {{"a", {2, 11, 0}}, {"b", {1, 100, 0}}}},
                                       {{5, 17}, {{"a", {2, 11, 0}}, {"b", {1, 100, 0}}}}}));
  EXPECT_TRUE(groups.slices().empty());
}

TEST(WindowGroups, R4_ClosingReturnsTheSlicesThatNoLaterWindowNeeds) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  fold(groups, 1, "a", 1);   // [0,2): windows [-10,2) [-5,7) [0,12)
  fold(groups, 5, "a", 1);   // [5,7)
  fold(groups, 11, "a", 1);  // [10,12)
  EXPECT_EQ(groups.close({-10, 2}), std::vector<EventTime>{});
  EXPECT_EQ(groups.close({-5, 7}), std::vector<EventTime>{});
  EXPECT_EQ(groups.close({0, 12}), std::vector<EventTime>{0});
  EXPECT_EQ(groups.close({5, 17}), std::vector<EventTime>{5});
  EXPECT_EQ(groups.close({10, 22}), std::vector<EventTime>{10});
}

TEST(WindowGroups, R40_CumulativeFiresEachStep) {
  WindowGroups groups(small_layout(), Slicer::cumulative(6, 2, 0), 0);
  fold(groups, 1, "a", 1);
  fold(groups, 3, "a", 10);
  fold(groups, 7, "a", 100);
  EXPECT_EQ(fire(groups, 4),
            (Firings{{{0, 2}, {{"a", {1, 1, 0}}}}, {{0, 4}, {{"a", {2, 11, 0}}}}}));
  EXPECT_EQ(fire(groups, kTimeMax), (Firings{{{0, 6}, {{"a", {2, 11, 0}}}},
                                             {{6, 8}, {{"a", {1, 100, 0}}}},
                                             {{6, 10}, {{"a", {1, 100, 0}}}},
                                             {{6, 12}, {{"a", {1, 100, 0}}}}}));
}

TEST(WindowGroups, R20_TheWholeStreamFiresAtTheEndOnly) {
  WindowGroups groups(small_layout(), Slicer::whole_stream(), 0);
  fold(groups, -1'000'000, "a", 1);
  fold(groups, 1'000'000, "a", 2);
  EXPECT_EQ(fire(groups, kTimeMax - 1), Firings{});
  EXPECT_EQ(fire(groups, kTimeMax), (Firings{{{kTimeNone, kTimeMax}, {{"a", {2, 3, 0}}}}}));
}

TEST(WindowGroups, R12_ALatePartialRecordFeedsTheOpenWindowsOnly) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  fold(groups, 5, "a", 1);
  EXPECT_EQ(fire(groups, 7), (Firings{{{-5, 7}, {{"a", {1, 1, 0}}}}}));
  ASSERT_EQ(groups.judge(6, 7), WindowGroups::Verdict::kLatePartial);
  fold(groups, 6, "a", 10);
  EXPECT_EQ(fire(groups, 17),
            (Firings{{{0, 12}, {{"a", {2, 11, 0}}}}, {{5, 17}, {{"a", {2, 11, 0}}}}}));
}

TEST(WindowGroups, R12_ALatePartialRecordDoesNotFireWindowsThatClosedEmpty) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  // [-5,7) closed at W = 7 without a record in it.
  ASSERT_EQ(groups.judge(6, 7), WindowGroups::Verdict::kLatePartial);
  groups.pass(7);
  fold(groups, 6, "b", 10);
  EXPECT_EQ(fire(groups, 17),
            (Firings{{{0, 12}, {{"b", {1, 10, 0}}}}, {{5, 17}, {{"b", {1, 10, 0}}}}}));
}

TEST(WindowGroups, R12_PassingLeavesWindowsOpenForTheAllowedLateness) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 3);
  groups.pass(kTimeNone);
  groups.pass(9);
  ASSERT_EQ(groups.judge(6, 9), WindowGroups::Verdict::kOnTime);
  fold(groups, 6, "b", 10);
  EXPECT_EQ(fire(groups, 10), (Firings{{{-5, 7}, {{"b", {1, 10, 0}}}}}));
}

TEST(WindowGroups, R47_FloatsCombineLeftToRightInTimeNotInArrival) {
  // 1e16 + 1 = 1e16 in doubles, so that the order of the slices shows.
  const double parts[] = {1.0, 1e16, -1e16};
  const double in_order = (0.0 + parts[0] + parts[1]) + parts[2];
  std::vector<double> totals;
  for (const auto& order : {std::vector<int>{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
    WindowGroups groups(small_layout(), Slicer::hopping(3, 1, 0), 0);
    for (int i : order) fold(groups, i, "a", 1, parts[i]);
    totals.push_back(rows_of(groups, {0, 3}).at("a").total);
  }
  for (double total : totals) EXPECT_EQ(total, in_order);
}

TEST(WindowGroups, R47_CombiningDoesNotTouchTheSlices) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  fold(groups, 5, "a", 1);
  fold(groups, 8, "a", 2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rows_of(groups, {0, 12}).at("a"), (Sums{2, 3, 0}));
}

TEST(WindowGroups, KeepsManyGroupsInAllShards) {
  WindowGroups groups(small_layout(), Slicer::tumbling(10, 0), 0);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) fold(groups, 5, "key" + std::to_string(i), i);
  }
  GroupSlice& slice = groups.slice_at(5);
  EXPECT_EQ(slice.groups(), 5000u);
  for (unsigned shard = 0; shard < kGroupShards; ++shard) {
    const GroupMap* map = slice.find_shard(static_cast<uint8_t>(shard));
    ASSERT_NE(map, nullptr);
    for (size_t i = 0; i < map->size(); ++i) ASSERT_EQ(group_shard((*map)[i].hash), shard);
  }
  const GroupRows rows = rows_of(groups, {0, 10});
  ASSERT_EQ(rows.size(), 5000u);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(rows.at("key" + std::to_string(i)), (Sums{2, 2 * i, 0}));
  }
  EXPECT_GT(groups.bytes(), 5000u * groups.layout().slot_bytes());
}

TEST(WindowGroups, ARestoredSliceTakesRecordsAndFires) {
  WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  EXPECT_EQ(groups.slice_starting(5).span(), (Span{5, 7}));
  EXPECT_EQ(groups.slice_starting(7).span(), (Span{7, 10}));
  EXPECT_EQ(&groups.slice_starting(5), &groups.slice_at(6));
}

TEST(WindowGroups, R20_ALongerInputGoesOnBehindWhatTheEndClosed) {
  WindowGroups first(small_layout(), Slicer::tumbling(10, 0), 0);
  fold(first, 5, "a", 1);
  fold(first, 25, "a", 1);
  fire(first, kTimeMax);
  first.seal_closed();
  EXPECT_EQ(first.closed_upto(), 30) << "the largest end that the end closed";

  WindowGroups second(small_layout(), Slicer::tumbling(10, 0), 0);
  second.restore_closed(first.fired_upto(), first.closed_upto());
  EXPECT_EQ(second.judge(26, 20), WindowGroups::Verdict::kLate);
  EXPECT_EQ(second.judge(30, 20), WindowGroups::Verdict::kOnTime);
  fold(second, 31, "a", 7);
  EXPECT_EQ(fire(second, kTimeMax), (Firings{{{30, 40}, {{"a", {1, 7, 0}}}}}));
}

}  // namespace
}  // namespace millrace
