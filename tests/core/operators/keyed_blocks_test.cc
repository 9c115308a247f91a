#include "operators/keyed_blocks.h"

#include <map>
#include <random>

#include "core/state/state_fixture.h"

namespace millrace {
namespace {

struct Row : KeyedRow {
  std::string text;
};
using Contents = std::map<std::string, std::string>;

/// A table's memory and its blocks: what a run holds between two starts.
struct Table {
  explicit Table(const char* layout = "rows v1") : blocks("prices", layout) {}
  void put(const std::string& key, const std::string& text) {
    bool made = false;
    Row& row = rows.find_or_add(key, made);
    row.text = text;
    rows.touch(row);
  }
  void erase(const std::string& key) {
    if (Row* row = rows.find(key)) rows.erase(*row);
  }
  Commit changes(uint64_t epoch) {
    Commit commit;
    commit.epoch = epoch;
    commit.meta = "{}";
    blocks.save(rows, epoch, commit, [](const Row& row, std::string& value) { value += row.text; });
    return commit;
  }
  void commit(CommitLog& log) {
    const auto committed = log.commit(changes(last_epoch(log) + 1));
    ASSERT_TRUE(committed) << committed.error().message;
  }
  Contents contents() {
    Contents out;
    for (const auto& [key, row] : rows.all()) out[key] = row.text;
    return out;
  }
  KeyedRows<Row> rows;
  KeyedBlocks blocks;
};

Result<void> restore(Table& table, CommitLog& log) {
  return table.blocks.restore(table.rows, log, [&](const KeyedBlocks::Stored& stored) {
    table.rows.restore(stored.key, stored.ordinal).text = stored.value;
    return true;
  });
}

std::unique_ptr<Table> restarted(CommitLog& log) {
  auto run = std::make_unique<Table>();
  const auto restored = restore(*run, log);
  EXPECT_TRUE(restored) << restored.error().message;
  return run;
}

size_t stored_bytes(CommitLog& log) {
  size_t bytes = 0;
  auto operators = log.operators();
  for (const StoredOperator& one : *operators) bytes += one.bytes;
  return bytes;
}

TEST(KeyedBlocks, R34_RowsComeAndGoLikeAMapThatIsStoredAndReadAgain) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    std::mt19937 random(seed);
    const TemporaryDirectory dir;
    auto log = open_log(dir);
    auto run = std::make_unique<Table>();
    Contents expected;
    for (int step = 0; step < 60; ++step) {
      for (unsigned change = random() % 120; change > 0; --change) {
        const std::string key = "k" + std::to_string(random() % 150);
        if (random() % 3 == 0) {
          run->erase(key);
          expected.erase(key);
        } else {
          run->put(key, expected[key] = std::to_string(random()));
        }
      }
      run->commit(*log);
      ASSERT_EQ(run->contents(), expected) << "seed " << seed << " step " << step;
      if (random() % 4 == 0) run = restarted(*log);
      ASSERT_EQ(run->contents(), expected) << "seed " << seed << " step " << step;
    }
  }
}

TEST(KeyedBlocks, WhatIsErasedTakesNoRoomForLong) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Table run;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 50; ++i) run.put("k" + std::to_string(round * 50 + i), "some text");
    for (int i = 0; round > 0 && i < 50; ++i) run.erase("k" + std::to_string(round * 50 - 50 + i));
    run.commit(*log);
  }
  EXPECT_EQ(run.rows.size(), 50u);
  size_t places = 0;
  for (auto& shard : run.rows.shards()) places += shard.stored.size();
  EXPECT_LT(places, 3000u) << "10000 keys came, 50 are left";
  EXPECT_LT(stored_bytes(*log), 100'000u);
  EXPECT_EQ(restarted(*log)->contents(), run.contents());
}

TEST(KeyedBlocks, AKeyThatComesAndGoesWithinOneCommitIsNotWritten) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Table run;
  run.put("a", "1");
  run.erase("a");
  EXPECT_TRUE(run.changes(1).put.empty());
  run.put("a", "2");
  run.commit(*log);
  EXPECT_EQ(restarted(*log)->contents(), (Contents{{"a", "2"}}));
  EXPECT_TRUE(run.changes(2).put.empty()) << "nothing changed, nothing written";
}

TEST(KeyedBlocks, TheLastKeyGoesAndNothingIsLeft) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  auto run = std::make_unique<Table>();
  run->put("a", "1");
  run->commit(*log);
  run = restarted(*log);
  run->erase("a");
  run->commit(*log);
  run = restarted(*log);
  EXPECT_EQ(run->contents(), Contents());
  run->put("a", "3");
  run->commit(*log);
  EXPECT_EQ(restarted(*log)->contents(), (Contents{{"a", "3"}}));
}

TEST(KeyedBlocks, R37_AnotherLayoutIsRefused) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Table run;
  run.put("a", "1");
  run.commit(*log);
  Table other("rows v2");
  const auto restored = restore(other, *log);
  ASSERT_FALSE(restored);
  EXPECT_NE(restored.error().message.find("--forget prices"), std::string::npos)
      << restored.error().message;
}

}  // namespace
}  // namespace millrace
