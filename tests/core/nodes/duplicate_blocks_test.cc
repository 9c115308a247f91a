#include "nodes/duplicate_blocks.h"

#include <algorithm>

#include "core/state/state_fixture.h"

namespace millrace {

bool operator==(const DuplicateFilter::Entry& a, const DuplicateFilter::Entry& b) {
  return a.hash == b.hash && a.time_us == b.time_us && a.group == b.group;
}
std::ostream& operator<<(std::ostream& out, const DuplicateFilter::Entry& entry) {
  return out << entry.hash << "@" << entry.time_us << "/" << entry.group;
}

namespace {

using Entries = std::vector<DuplicateFilter::Entry>;
constexpr size_t kMany = 1 << 20;

Commit changes(DuplicateBlocks& blocks, uint64_t epoch) {
  Commit commit;
  commit.epoch = epoch;
  commit.meta = "{}";
  blocks.save(epoch, commit);
  return commit;
}

void commit(DuplicateBlocks& blocks, CommitLog& log) {
  const auto committed = log.commit(changes(blocks, last_epoch(log) + 1));
  ASSERT_TRUE(committed) << committed.error().message;
}

Entries restored(DuplicateBlocks& blocks, CommitLog& log) {
  const auto restored = blocks.restore(log);
  EXPECT_TRUE(restored) << restored.error().message;
  return blocks.entries();
}

TEST(DuplicateBlocks, EntriesComeBackSliceBySlice) {
  const TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    DuplicateBlocks blocks("edits", 80, kMany);
    blocks.add({{1, 35, 0}, {2, 12, 0}, {3, 31, 7}});
    commit(blocks, *log);
    blocks.add({{4, -5, 0}, {5, 39, 0}});
    commit(blocks, *log);
  }
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80, kMany);
  EXPECT_EQ(restored(blocks, *log),
            (Entries{{4, -5, 0}, {2, 12, 0}, {1, 35, 0}, {3, 31, 7}, {5, 39, 0}}));
}

TEST(DuplicateBlocks, WritesWhatIsNewOnly) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80, kMany);
  EXPECT_TRUE(changes(blocks, 1).put.empty());
  Entries many;
  for (uint64_t i = 0; i < 1000; ++i) many.push_back({i, 5, 0});
  blocks.add(many);
  commit(blocks, *log);
  EXPECT_TRUE(changes(blocks, 2).put.empty());
  blocks.add({{5000, 5, 0}});
  const Commit delta = changes(blocks, 2);
  ASSERT_EQ(delta.put.size(), 1u);
  EXPECT_LT(delta.put[0].bytes.size(), 200u);
  ASSERT_TRUE(log->commit(delta));
  DuplicateBlocks again("edits", 80, kMany);
  EXPECT_EQ(restored(again, *log).size(), 1001u);
  EXPECT_TRUE(changes(again, 3).put.empty()) << "restored entries are stored";
}

TEST(DuplicateBlocks, GoesOnAfterARestart) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Entries expected;
  for (uint64_t i = 0; i < 60; ++i) {
    DuplicateBlocks blocks("edits", 8000, kMany);
    ASSERT_EQ(restored(blocks, *log), expected);
    blocks.add({{i, 5, 0}});
    expected.push_back({i, 5, 0});
    ASSERT_NO_FATAL_FAILURE(commit(blocks, *log));
  }
  EXPECT_LT(stored(*log, "edits").size(), 25u) << "bases replace many small deltas";
}

TEST(DuplicateBlocks, SlicesBeyondTheHorizonLeaveTheStore) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80, kMany);
  blocks.add({{1, 5, 0}, {2, 15, 0}, {3, 90, 0}});
  commit(blocks, *log);
  // 5 lies beyond 90 - 80; its slice [0, 10) ends just there.
  DuplicateBlocks kept("edits", 80, kMany);
  EXPECT_EQ(restored(kept, *log), (Entries{{2, 15, 0}, {3, 90, 0}}));
  blocks.add({{4, 1000, 0}});
  commit(blocks, *log);
  DuplicateBlocks later("edits", 80, kMany);
  EXPECT_EQ(restored(later, *log), (Entries{{4, 1000, 0}}));
}

TEST(DuplicateBlocks, TheSlowestGroupKeepsItsEntries) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80, kMany);
  blocks.add({{1, 5, 0}, {2, 1000, 1}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 80, kMany);
  EXPECT_EQ(restored(again, *log), (Entries{{1, 5, 0}, {2, 1000, 1}}));
}

TEST(DuplicateBlocks, ARestartKnowsTheClockOfEachGroup) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    DuplicateBlocks blocks("edits", 80, kMany);
    blocks.add({{1, 5, 0}, {2, 50, 0}, {3, 60, 1}});
    commit(blocks, *log);
  }
  DuplicateBlocks blocks("edits", 80, kMany);
  restored(blocks, *log);
  blocks.add({{4, 200, 1}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 80, kMany);
  EXPECT_EQ(restored(again, *log), (Entries{{1, 5, 0}, {2, 50, 0}, {4, 200, 1}}))
      << "group 0 stands at 50";
}

TEST(DuplicateBlocks, ASilentGroupHoldsBackNothingOfOthers) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80, kMany);
  blocks.add({{1, 5, 0}});
  for (uint64_t i = 2; i < 2000; ++i) {
    blocks.add({{i, static_cast<int64_t>(i), 1}});
    if (i % 100 == 0) commit(blocks, *log);
  }
  commit(blocks, *log);
  const Entries entries = blocks.entries();
  EXPECT_EQ(entries.front(), (DuplicateFilter::Entry{1, 5, 0}));
  EXPECT_LT(entries.size(), 110u) << "80 and a slice or two";
  DuplicateBlocks again("edits", 80, kMany);
  EXPECT_EQ(restored(again, *log), entries);
}

TEST(DuplicateBlocks, NoMoreSlicesThanTheFilterKeepsEntries) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 8000, 100);
  DuplicateFilter filter(8000, 100);
  const auto see = [&](const DuplicateFilter::Entry& entry) {
    if (!filter.seen(entry)) blocks.add({entry});
  };
  see({1, 5, 0});  // The clock of its group, which then is silent.
  for (uint64_t i = 2; i < 6000; ++i) {
    see({i, static_cast<int64_t>(i), 1});
    if (i % 500 == 0) commit(blocks, *log);
  }
  commit(blocks, *log);
  DuplicateBlocks again("edits", 8000, 100);
  const Entries entries = restored(again, *log);
  EXPECT_LT(entries.size(), 2000u) << "a slice is a thousand";
  EXPECT_EQ(entries.front(), (DuplicateFilter::Entry{1, 5, 0}));
  DuplicateFilter behind(8000, 100);
  for (const DuplicateFilter::Entry& entry : entries) behind.restore(entry);
  for (uint64_t i = 1; i < 6000; ++i) {
    const DuplicateFilter::Entry entry{i, static_cast<int64_t>(i), 1};
    DuplicateFilter a = filter, b = behind;
    EXPECT_EQ(a.seen(entry), b.seen(entry)) << i;
  }
}

TEST(DuplicateBlocks, AnotherHorizonKeepsWhatWasSeen) {
  // dedupe_horizon is a limit that may be changed between two runs (R37).
  for (const int64_t horizon : {20, 800, 81}) {
    SCOPED_TRACE(horizon);
    const TemporaryDirectory dir;
    auto log = open_log(dir);
    {
      DuplicateBlocks blocks("edits", 80, kMany);
      blocks.add({{1, 35, 0}, {2, 38, 0}, {3, 45, 0}});
      commit(blocks, *log);
    }
    DuplicateBlocks blocks("edits", horizon, kMany);
    Entries entries = restored(blocks, *log);
    EXPECT_EQ(entries, (Entries{{1, 35, 0}, {2, 38, 0}, {3, 45, 0}}));
    blocks.add({{4, 46, 0}});
    commit(blocks, *log);
    DuplicateBlocks again("edits", horizon, kMany);
    EXPECT_EQ(restored(again, *log).size(), 4u);
  }
}

TEST(DuplicateBlocks, AHorizonOfNothingIsPossible) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 0, kMany);
  blocks.add({{1, 5, 0}, {2, 6, 0}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 0, kMany);
  EXPECT_EQ(restored(again, *log), (Entries{{2, 6, 0}}));
}

}  // namespace
}  // namespace millrace
