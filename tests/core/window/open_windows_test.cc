// Windows that are shown before they close (semantics R25): which ones a record changes, and some
// of their groups.
#include "core/window/folding.h"

namespace millrace {
namespace {

constexpr EventTime kNoWatermark = kTimeNone;

std::vector<Span> windows_of(const WindowGroups& groups, EventTime t, EventTime w) {
  std::vector<Span> out;
  groups.open_windows_of(t, w, out);
  return out;
}

TEST(OpenWindows, HoppingR4ByEnd) {
  const WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 0);
  EXPECT_EQ(windows_of(groups, 5, kNoWatermark), (std::vector<Span>{{-5, 7}, {0, 12}, {5, 17}}));
}

TEST(OpenWindows, ClosedOnesAreLeftOutR12) {
  const WindowGroups groups(small_layout(), Slicer::hopping(12, 5, 0), 3);
  EXPECT_EQ(windows_of(groups, 5, 9), (std::vector<Span>{{-5, 7}, {0, 12}, {5, 17}}));
  EXPECT_EQ(windows_of(groups, 5, 10), (std::vector<Span>{{0, 12}, {5, 17}}));
  EXPECT_EQ(windows_of(groups, 5, 20), std::vector<Span>());
}

TEST(OpenWindows, CumulativeR40EndsBehindTheRecord) {
  const WindowGroups groups(small_layout(), Slicer::cumulative(20, 5, 0), 0);
  EXPECT_EQ(windows_of(groups, 11, kNoWatermark), (std::vector<Span>{{0, 15}, {0, 20}}));
  EXPECT_EQ(windows_of(groups, -1, kNoWatermark), (std::vector<Span>{{-20, 0}}));
}

TEST(OpenWindows, WholeStreamIsOne) {
  const WindowGroups groups(small_layout(), Slicer::whole_stream(), 0);
  EXPECT_EQ(windows_of(groups, 11, kNoWatermark), (std::vector<Span>{{kTimeNone, kTimeMax}}));
}

TEST(OpenWindows, AllThatHoldARecord) {
  WindowGroups groups(small_layout(), Slicer::hopping(10, 5, 0), 0);
  fold(groups, 1, "a", 1);
  fold(groups, 101, "a", 1);
  EXPECT_EQ(groups.open_windows(), (std::vector<Span>{{-5, 5}, {0, 10}, {95, 105}, {100, 110}}));
  groups.close({-5, 5});
  EXPECT_EQ(groups.open_windows(), (std::vector<Span>{{0, 10}, {95, 105}, {100, 110}}));
}

TEST(OpenWindows, SomeGroupsAreCombinedOverTheirSlices) {
  WindowGroups groups(small_layout(), Slicer::hopping(10, 5, 0), 0);
  fold(groups, 1, "a", 1);
  fold(groups, 6, "a", 2);
  fold(groups, 6, "b", 4);
  fold(groups, 11, "c", 8);
  const auto found = groups.groups_of({0, 10}, {{hash_bytes("a"), "a"}, {hash_bytes("c"), "c"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].key, "a");
  EXPECT_EQ(read_sums(groups.layout(), found[0].state).sum, 3);
}

}  // namespace
}  // namespace millrace
