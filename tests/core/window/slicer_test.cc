#include "window/slicer.h"

#include "folding.h"

namespace millrace {

namespace {

using Spans = std::vector<Span>;

TEST(Slicer, R3_FloorsTowardMinusInfinity) {
  const Slicer slicer = Slicer::tumbling(10, 0);
  EXPECT_EQ(slicer.slice_of(-1), (Span{-10, 0}));
  EXPECT_EQ(slicer.slice_of(-10), (Span{-10, 0}));
  EXPECT_EQ(slicer.slice_of(-11), (Span{-20, -10}));
  EXPECT_EQ(slicer.slice_of(0), (Span{0, 10}));
  EXPECT_EQ(slicer.slice_of(9), (Span{0, 10}));
}

TEST(Slicer, R2_WindowsAreHalfOpen) {
  const Slicer slicer = Slicer::tumbling(10, 0);
  EXPECT_EQ(slicer.slice_of(10), (Span{10, 20}));
  EXPECT_EQ(slicer.last_end_of(9), 10);
  EXPECT_EQ(slicer.last_end_of(10), 20);
}

TEST(Slicer, R3_AcceptsAnyOffset) {
  EXPECT_EQ(Slicer::tumbling(10, 3).slice_of(2), (Span{-7, 3}));
  EXPECT_EQ(Slicer::tumbling(10, 3).slice_of(3), (Span{3, 13}));
  EXPECT_EQ(Slicer::tumbling(10, -3).slice_of(-4), (Span{-13, -3}));
  EXPECT_EQ(Slicer::tumbling(10, -3).slice_of(0), (Span{-3, 7}));
  // Only the remainder counts; (t - (t - O + S) % S) would be wrong for t < O - S.
  EXPECT_EQ(Slicer::tumbling(10, 9).slice_of(-12), (Span{-21, -11}));
  EXPECT_EQ(Slicer::tumbling(10, 23).slice_of(0), (Span{-7, 3}));
  EXPECT_EQ(Slicer::tumbling(10, -27).slice_of(0), (Span{-7, 3}));
}

TEST(Slicer, TumblingIsOneSlicePerWindow) {
  const Slicer slicer = Slicer::tumbling(10, 0);
  EXPECT_TRUE(slicer.one_slice_per_window());
  EXPECT_EQ(windows_of(slicer, 14), (Spans{{10, 20}}));
  EXPECT_EQ(slicer.first_window_ending_after(20), (Span{20, 30}));
  EXPECT_EQ(slicer.first_window_ending_after(19), (Span{10, 20}));
}

TEST(Slicer, R4_HopNeedNotDivideSize) {
  const Slicer slicer = Slicer::hopping(12, 5, 0);
  EXPECT_EQ(windows_of(slicer, 5), (Spans{{-5, 7}, {0, 12}, {5, 17}}));
  EXPECT_EQ(windows_of(slicer, 4), (Spans{{-5, 7}, {0, 12}}));
  EXPECT_EQ(windows_of(slicer, 7), (Spans{{0, 12}, {5, 17}}));
  EXPECT_EQ(windows_of(slicer, -1), (Spans{{-10, 2}, {-5, 7}}));
  EXPECT_EQ(slicer.last_end_of(5), 17);
  EXPECT_FALSE(slicer.one_slice_per_window());
}

TEST(Slicer, R4_SlicesAreCutAtStartsAndEndsOnly) {
  const Slicer slicer = Slicer::hopping(12, 5, 0);
  // Starts 0, 5, 10 …; ends 2, 7, 12 …
  EXPECT_EQ(slicer.slice_of(0), (Span{0, 2}));
  EXPECT_EQ(slicer.slice_of(1), (Span{0, 2}));
  EXPECT_EQ(slicer.slice_of(2), (Span{2, 5}));
  EXPECT_EQ(slicer.slice_of(4), (Span{2, 5}));
  EXPECT_EQ(slicer.slice_of(5), (Span{5, 7}));
  EXPECT_EQ(slicer.slice_of(-1), (Span{-3, 0}));
  EXPECT_EQ(slicer.slice_of(-4), (Span{-5, -3}));
}

TEST(Slicer, R4_AHopThatDividesTheSizeNeedsOneSlicePerHop) {
  const Slicer slicer = Slicer::hopping(60, 10, 5);
  EXPECT_EQ(slicer.slice_of(5), (Span{5, 15}));
  EXPECT_EQ(slicer.slice_of(4), (Span{-5, 5}));
  EXPECT_EQ(windows_of(slicer, 5).size(), 6u);
}

TEST(Slicer, R4_AHopOfTheWholeSizeIsTumbling) {
  const Slicer slicer = Slicer::hopping(10, 10, 3);
  EXPECT_TRUE(slicer.one_slice_per_window());
  EXPECT_EQ(slicer.slice_of(2), (Span{-7, 3}));
}

TEST(SlicerDeathTest, R4_RefusesAHopBeyondTheSize) {
  EXPECT_DEATH(Slicer::hopping(5, 6, 0), "internal error");
  EXPECT_DEATH(Slicer::hopping(5, 0, 0), "internal error");
  EXPECT_DEATH(Slicer::tumbling(0, 0), "internal error");
  EXPECT_DEATH(Slicer::cumulative(10, 3, 0), "internal error");
}

TEST(Slicer, R40_CumulativeWindowsGrowFromOneStart) {
  const Slicer slicer = Slicer::cumulative(6, 2, 0);
  EXPECT_EQ(windows_of(slicer, 0), (Spans{{0, 2}, {0, 4}, {0, 6}}));
  EXPECT_EQ(windows_of(slicer, 1), (Spans{{0, 2}, {0, 4}, {0, 6}}));
  // A record feeds only the windows whose end is behind it.
  EXPECT_EQ(windows_of(slicer, 3), (Spans{{0, 4}, {0, 6}}));
  EXPECT_EQ(windows_of(slicer, 4), (Spans{{0, 6}}));
  EXPECT_EQ(windows_of(slicer, 6), (Spans{{6, 8}, {6, 10}, {6, 12}}));
  EXPECT_EQ(windows_of(slicer, -1), (Spans{{-6, 0}}));
  EXPECT_EQ(slicer.slice_of(3), (Span{2, 4}));
}

TEST(Slicer, R40_CumulativeTakesAnOffset) {
  const Slicer slicer = Slicer::cumulative(24, 8, -5);
  EXPECT_EQ(windows_of(slicer, 0), (Spans{{-5, 3}, {-5, 11}, {-5, 19}}));
  EXPECT_EQ(windows_of(slicer, 18), (Spans{{-5, 19}}));
  EXPECT_EQ(windows_of(slicer, -6), (Spans{{-29, -5}}));
}

TEST(Slicer, TheWholeStreamIsOneWindowThatOnlyTheEndCloses) {
  const Slicer slicer = Slicer::whole_stream();
  EXPECT_EQ(slicer.slice_of(-5), (Span{kTimeNone, kTimeMax}));
  EXPECT_EQ(windows_of(slicer, 17), (Spans{{kTimeNone, kTimeMax}}));
  EXPECT_TRUE(slicer.one_slice_per_window());
}

TEST(Slicer, EndsSaturateAtTheTopOfTime) {
  EXPECT_EQ(Slicer::tumbling(10, 0).slice_of(kTimeMax - 1).end, kTimeMax);
  EXPECT_EQ(Slicer::hopping(20, 10, 0).last_end_of(kTimeMax - 1), kTimeMax);
  EXPECT_EQ(Slicer::cumulative(20, 10, 0).last_end_of(kTimeMax - 1), kTimeMax);
}

TEST(Slicer, StartsSaturateAtTheBottomOfTime) {
  const EventTime t = kTimeNone + 1;
  for (const Slicer& slicer : {Slicer::tumbling(10, 0), Slicer::hopping(20, 10, 0),
                               Slicer::cumulative(20, 10, 0), Slicer::tumbling(10, 7)}) {
    const Span slice = slicer.slice_of(t);
    EXPECT_LE(slice.start, t) << slice;
    EXPECT_GT(slice.end, t) << slice;
    EXPECT_LT(slice.end, t + 20) << slice;
  }
}

}  // namespace
}  // namespace millrace
