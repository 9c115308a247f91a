// Windows of many slices: blocks made ahead of time against merging every slice at every close.
#include <random>

#include "folding.h"

namespace millrace {
namespace {

using Rows = std::map<std::string, std::pair<int64_t, int64_t>>;

AggregateLayout exact_layout() {
  return AggregateLayout({&aggregate("count", std::nullopt), &aggregate("sum", Type::kInt8)});
}

void add(WindowGroups& groups, EventTime t, const std::string& key, int64_t value) {
  Column ints;
  ints.reset(Type::kInt8, 1);
  ints.ints[0] = value;
  const AggregateLayout& layout = groups.layout();
  std::byte* slot = groups.slice_at(t).state(hash_bytes(key), key);
  for (size_t i = 0; i < layout.size(); ++i) {
    std::byte* state = slot + layout.offset(i);
    layout.function(i).kernel.update(&state, i == 0 ? nullptr : &ints, Selection::all(1));
  }
}

Rows rows_of(const AggregateLayout& layout, const std::vector<GroupView>& groups) {
  Rows out;
  for (const GroupView& group : groups) {
    Column ints;
    ints.reset(Type::kInt8, 0);
    RowErrors errors;
    for (size_t i = 0; i < 2; ++i)
      layout.function(i).kernel.emit(group.state + layout.offset(i), ints, errors);
    EXPECT_TRUE(out.emplace(group.key, std::pair(ints.ints[0], ints.ints[1])).second) << group.key;
  }
  return out;
}

/// Closes what is due at `w`; each window must be the same both ways. How many there were.
size_t close_all(WindowGroups& groups, EventTime w) {
  size_t closed = 0;
  for (WindowGroups::Due due; groups.next_due(due) && w >= due.closes_at; ++closed) {
    const Rows slice_by_slice = rows_of(groups.layout(), groups.groups_of(due.window));
    EXPECT_EQ(rows_of(groups.layout(), groups.closing_groups_of(due.window)), slice_by_slice)
        << due.window;
    groups.close(due.window);
  }
  return closed;
}

class MergedSlicesOf : public testing::TestWithParam<Slicer> {};

TEST_P(MergedSlicesOf, R4_ACloseGivesWhatAllItsSlicesGive) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    WindowGroups groups(exact_layout(), GetParam(), seed % 3 * 20);
    EventTime w = -300;
    size_t closed = 0;
    for (int i = 0; i < 400; ++i) {
      // Now and then far back: late for the windows that closed, in time for the ones after them.
      const EventTime t = w + static_cast<EventTime>(random() % 30) -
                          (random() % 4 == 0 ? static_cast<EventTime>(random() % 250) : 0);
      if (groups.judge(t, w) != WindowGroups::Verdict::kLate) {
        groups.pass(w);
        add(groups, t, std::string(1, static_cast<char>('a' + random() % 3)),
            static_cast<int64_t>(random() % 100));
      }
      if (random() % 3 == 0) w += random() % 40 == 0 ? 500 : static_cast<EventTime>(random() % 6);
      closed += close_all(groups, w);
    }
    closed += close_all(groups, kTimeMax);
    EXPECT_GT(closed, 5u);
    EXPECT_EQ(groups.bytes(), 0u) << "blocks go with the slices they hold";
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MergedSlicesOf,
                         testing::Values(Slicer::hopping(256, 1, 0), Slicer::hopping(100, 7, -3),
                                         Slicer::hopping(17, 5, 2), Slicer::hopping(60, 59, 0),
                                         Slicer::cumulative(240, 5, 0),
                                         Slicer::cumulative(64, 1, -7)));

TEST(AggregateLayout, IsAssociativeUnlessItAddsFloats) {
  EXPECT_TRUE(exact_layout().associative());
  EXPECT_TRUE(AggregateLayout({&aggregate("max", Type::kFloat8), &aggregate("avg", Type::kInt8)})
                  .associative());
  EXPECT_FALSE(small_layout().associative());
  EXPECT_FALSE(AggregateLayout({&aggregate("avg", Type::kFloat8)}).associative());
}

}  // namespace
}  // namespace millrace
