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
  const auto done = blocks.restore(log);
  EXPECT_TRUE(done) << done.error().message;
  return blocks.entries();
}

TEST(DuplicateBlocks, EntriesComeBackSliceBySlice) {
  const TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    DuplicateBlocks blocks("edits", 80);
    blocks.add({{1, 35, 0}, {2, 12, 0}, {3, 31, 7}});
    commit(blocks, *log);
    blocks.add({{4, -5, 0}, {5, 39, 0}});
    commit(blocks, *log);
  }
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80);
  EXPECT_EQ(restored(blocks, *log),
            (Entries{{4, -5, 0}, {2, 12, 0}, {1, 35, 0}, {3, 31, 7}, {5, 39, 0}}));
}

TEST(DuplicateBlocks, WritesWhatIsNewOnly) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80);
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
  DuplicateBlocks again("edits", 80);
  EXPECT_EQ(restored(again, *log).size(), 1001u);
  EXPECT_TRUE(changes(again, 3).put.empty()) << "restored entries are stored";
}

TEST(DuplicateBlocks, GoesOnAfterARestart) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Entries expected;
  for (uint64_t i = 0; i < 60; ++i) {
    DuplicateBlocks blocks("edits", 8000);
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
  DuplicateBlocks blocks("edits", 80);
  blocks.add({{1, 5, 0}, {2, 15, 0}, {3, 90, 0}});
  commit(blocks, *log);
  // 5 lies beyond 90 - 80; its slice [0, 10) ends just there.
  DuplicateBlocks kept("edits", 80);
  EXPECT_EQ(restored(kept, *log), (Entries{{2, 15, 0}, {3, 90, 0}}));
  blocks.add({{4, 1000, 0}});
  commit(blocks, *log);
  DuplicateBlocks later("edits", 80);
  EXPECT_EQ(restored(later, *log), (Entries{{4, 1000, 0}}));
}

TEST(DuplicateBlocks, TheSlowestGroupKeepsItsEntries) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 80);
  blocks.add({{1, 5, 0}, {2, 1000, 1}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 80);
  EXPECT_EQ(restored(again, *log), (Entries{{1, 5, 0}, {2, 1000, 1}}));
}

TEST(DuplicateBlocks, ARestartKnowsTheClockOfEachGroup) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    DuplicateBlocks blocks("edits", 80);
    blocks.add({{1, 5, 0}, {2, 50, 0}, {3, 60, 1}});
    commit(blocks, *log);
  }
  DuplicateBlocks blocks("edits", 80);
  restored(blocks, *log);
  blocks.add({{4, 200, 1}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 80);
  EXPECT_EQ(restored(again, *log).size(), 4u) << "group 0 stands at 50";
}

TEST(DuplicateBlocks, AnotherHorizonKeepsWhatWasSeen) {
  // dedupe_horizon is a limit that may be changed between two runs (R37).
  for (const int64_t horizon : {20, 800, 81}) {
    SCOPED_TRACE(horizon);
    const TemporaryDirectory dir;
    auto log = open_log(dir);
    {
      DuplicateBlocks blocks("edits", 80);
      blocks.add({{1, 35, 0}, {2, 38, 0}, {3, 45, 0}});
      commit(blocks, *log);
    }
    DuplicateBlocks blocks("edits", horizon);
    Entries entries = restored(blocks, *log);
    EXPECT_EQ(entries, (Entries{{1, 35, 0}, {2, 38, 0}, {3, 45, 0}}));
    blocks.add({{4, 46, 0}});
    commit(blocks, *log);
    DuplicateBlocks again("edits", horizon);
    EXPECT_EQ(restored(again, *log).size(), 4u);
  }
}

TEST(DuplicateBlocks, AHorizonOfNothingIsPossible) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  DuplicateBlocks blocks("edits", 0);
  blocks.add({{1, 5, 0}, {2, 6, 0}});
  commit(blocks, *log);
  DuplicateBlocks again("edits", 0);
  EXPECT_EQ(restored(again, *log), (Entries{{2, 6, 0}}));
}

}  // namespace
}  // namespace millrace
