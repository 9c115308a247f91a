#include "operators/group_blocks.h"

#include <random>

#include "core/state/state_fixture.h"
#include "core/window/folding.h"
#include "state/block_reader.h"

namespace millrace {
namespace {

constexpr const char* kLayoutText = "groups:text,count()v1;sum(int8)v1;sum(float8)v1;";

/// All that is in memory: slice start to its groups.
std::map<EventTime, GroupRows> contents(WindowGroups& groups) {
  std::map<EventTime, GroupRows> out;
  for (auto& [start, slice] : groups.slices()) {
    for (unsigned shard = 0; shard < kShards; ++shard) {
      const GroupMap* map = slice.find_shard(static_cast<uint8_t>(shard));
      for (size_t i = 0; map && i < map->size(); ++i) {
        out[start].emplace((*map)[i].key, read_sums(groups.layout(), (*map)[i].state));
      }
    }
  }
  return out;
}

/// An operator's memory and its blocks: what a run holds between two starts.
struct Operator {
  explicit Operator(const char* layout_text = kLayoutText, Slicer slicer = Slicer::tumbling(10, 0))
      : groups(small_layout(), slicer, 0), blocks("per_minute", layout_text) {}

  Commit changes(uint64_t epoch) {
    Commit commit;
    commit.epoch = epoch;
    commit.meta = "{}";
    blocks.save(groups, epoch, commit);
    return commit;
  }
  void commit(CommitLog& log) {
    const auto committed = log.commit(changes(last_epoch(log) + 1));
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void close(const Span& window) {
    for (EventTime start : groups.close(window)) blocks.drop_slice(start);
  }
  WindowGroups groups;
  GroupBlocks blocks;
};

std::unique_ptr<Operator> restarted(CommitLog& log) {
  auto run = std::make_unique<Operator>();
  const auto restored = run->blocks.restore(run->groups, log);
  EXPECT_TRUE(restored) << restored.error().message;
  return run;
}

TEST(GroupBlocks, R34_OpenWindowsComeBackAfterARestart) {
  const TemporaryDirectory dir;
  std::map<EventTime, GroupRows> expected;
  {
    auto log = open_log(dir);
    Operator run;
    for (int i = 0; i < 3000; ++i)
      fold(run.groups, i % 40 - 20, "key" + std::to_string(i % 700), i, i / 8.0);
    run.commit(*log);
    expected = contents(run.groups);
  }
  auto log = open_log(dir);
  const auto run = restarted(*log);
  EXPECT_EQ(contents(run->groups), expected);
}

TEST(GroupBlocks, WhatWasNotCommittedIsGone) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  fold(run.groups, 5, "a", 1);
  run.commit(*log);
  const auto expected = contents(run.groups);
  fold(run.groups, 5, "a", 100);
  fold(run.groups, 25, "b", 100);
  run.changes(2);  // Prepared, never committed.
  EXPECT_EQ(contents(restarted(*log)->groups), expected);
}

TEST(GroupBlocks, NothingChangedNothingWritten) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  EXPECT_TRUE(run.changes(1).put.empty());
  fold(run.groups, 5, "a", 1);
  run.commit(*log);
  EXPECT_TRUE(run.changes(2).put.empty());
  EXPECT_TRUE(restarted(*log)->changes(3).put.empty()) << "restored groups are clean";
}

TEST(GroupBlocks, ADeltaHoldsTheDirtyGroupsOnlyAndNewKeys) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  auto run = std::make_unique<Operator>();
  // All in one shard, so that there is one chain: keys are told apart by their hash alone.
  std::vector<std::string> keys;
  for (int i = 0; keys.size() < 200; ++i) {
    if (group_shard(hash_bytes("k" + std::to_string(i))) == 0)
      keys.push_back("k" + std::to_string(i));
  }
  for (size_t i = 0; i < 199; ++i) fold(run->groups, 5, keys[i], 1);
  run->commit(*log);
  for (int restart = 0; restart < 2; ++restart) {
    fold(run->groups, 5, keys[7], 1);
    if (restart == 1) fold(run->groups, 5, keys[199], 1);
    const Commit commit = run->changes(last_epoch(*log) + 1);
    ASSERT_EQ(commit.put.size(), 1u);
    EXPECT_TRUE(commit.erase.empty());
    auto reader = BlockReader::open(commit.put[0].bytes, hash_bytes(kLayoutText));
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_FALSE(reader->header().base);
    BlockEntry entry;
    ASSERT_TRUE(reader->next(entry));
    EXPECT_EQ(entry.ordinal, 7u);
    EXPECT_FALSE(entry.has_key) << "its key is stored already";
    EXPECT_EQ(reader->next(entry), restart == 1);
    if (restart == 1) {
      EXPECT_EQ(entry.ordinal, 199u);
      EXPECT_EQ(entry.key, keys[199]);
    }
    ASSERT_TRUE(log->commit(commit));
    const auto expected = contents(run->groups);
    run = restarted(*log);
    EXPECT_EQ(contents(run->groups), expected);
  }
}

TEST(GroupBlocks, ANewBaseReplacesDeltasThatOutweighTheOld) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  uint64_t blocks_max = 0, bases = 0;
  for (int i = 0; i < 200; ++i) {
    fold(run.groups, 5, "only", i);
    const Commit commit = run.changes(static_cast<uint64_t>(i) + 1);
    bases += !commit.erase.empty();
    ASSERT_TRUE(log->commit(commit));
    blocks_max = std::max<uint64_t>(blocks_max, stored(*log, "per_minute").size());
  }
  EXPECT_GT(bases, 5u);
  EXPECT_LE(blocks_max, Chain::kDeltasFew + 2);
  EXPECT_EQ(contents(restarted(*log)->groups), contents(run.groups));
}

TEST(GroupBlocks, AClosedSliceLeavesTheStore) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  fold(run.groups, 5, "a", 1);
  fold(run.groups, 15, "a", 1);
  run.commit(*log);
  run.close({0, 10});
  run.commit(*log);
  EXPECT_EQ(stored(*log, "per_minute").size(), 1u);
  const auto again = restarted(*log);
  EXPECT_EQ(contents(again->groups), (std::map<EventTime, GroupRows>{{10, {{"a", {1, 1, 0}}}}}));
  again->close({10, 20});
  again->commit(*log);
  EXPECT_TRUE(stored(*log, "per_minute").empty());
}

TEST(GroupBlocks, ASliceOfOneEpochIsNeverStored) {
  Operator run;
  fold(run.groups, 5, "a", 1);
  run.close({0, 10});
  const Commit commit = run.changes(1);
  EXPECT_TRUE(commit.put.empty());
  EXPECT_TRUE(commit.erase_slices.empty());
}

TEST(GroupBlocks, ASliceMayBeDroppedAndBegunAgainInOneCommit) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  for (int i = 0; i < 50; ++i) fold(run.groups, 5, "old" + std::to_string(i), 1);
  run.commit(*log);
  fold(run.groups, 5, "old1", 1);
  run.commit(*log);
  run.close({0, 10});
  fold(run.groups, 5, "new", 9);
  run.commit(*log);
  EXPECT_EQ(contents(restarted(*log)->groups),
            (std::map<EventTime, GroupRows>{{0, {{"new", {1, 9, 0}}}}}));
}

TEST(GroupBlocks, R37_StateOfAnotherLayoutIsRefused) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  fold(run.groups, 5, "a", 1);
  run.commit(*log);
  Operator other("groups:int8,count()v1;sum(int8)v1;sum(float8)v1;");
  const auto restored = other.blocks.restore(other.groups, *log);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Code::kInvalidConfig);
  EXPECT_NE(restored.error().message.find("per_minute"), std::string::npos)
      << restored.error().message;
  EXPECT_NE(restored.error().message.find("--forget"), std::string::npos)
      << restored.error().message;
}

TEST(GroupBlocks, AMissingBlockIsToldNotGuessed) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator run;
  for (int i = 0; i < 500; ++i) fold(run.groups, 5, std::to_string(i), 1);
  run.commit(*log);
  for (int i = 0; i < 2; ++i) {
    fold(run.groups, 5, "0", 1);
    run.commit(*log);
  }
  const uint8_t shard = group_shard(hash_bytes("0"));
  Commit damage;
  damage.epoch = last_epoch(*log) + 1;
  damage.erase.push_back({"per_minute", 0, shard, 1});
  ASSERT_TRUE(log->commit(damage));
  Operator again;
  const auto restored = again.blocks.restore(again.groups, *log);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Code::kCorrupt);
}

TEST(GroupBlocks, R35_RandomCommitsAndRestartsLoseNothing) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const TemporaryDirectory dir;
    auto log = open_log(dir);
    std::mt19937_64 random(seed);
    auto run = std::make_unique<Operator>();
    std::map<EventTime, GroupRows> committed;
    EventTime closed_upto = 0;
    for (int step = 0; step < 40; ++step) {
      for (size_t n = random() % 60; n > 0; --n) {
        const auto t = closed_upto + static_cast<EventTime>(random() % 40);
        fold(run->groups, t, std::string(random() % 4, 'k') + std::to_string(random() % 30), 1,
             0.5);
      }
      if (random() % 4 == 0) {
        run->close({closed_upto, closed_upto + 10});
        closed_upto += 10;
      }
      if (random() % 3 != 0) {
        ASSERT_NO_FATAL_FAILURE(run->commit(*log));
        committed = contents(run->groups);
      } else if (random() % 2) {
        run = restarted(*log);
        ASSERT_EQ(contents(run->groups), committed);
      }
    }
  }
}

}  // namespace
}  // namespace millrace
