#include "operators/entry_blocks.h"

#include <random>

#include "base/bytes.h"
#include "core/state/state_fixture.h"
#include "core/window/folding.h"

namespace millrace {
namespace {

struct Entry : TimedEntry {};
using States = TimedStates<Entry>;
/// Per key: place in time to count.
using Contents = std::map<std::string, std::map<EventTime, int64_t>>;

struct Operator {
  explicit Operator(const char* layout = "entries v1")
      : states(small_layout()), blocks("sessions", layout) {}

  Entry& add(const std::string& key, EventTime t) {
    Entry& entry = states.add(hash_bytes(key), key, nullptr, t, t);
    fold(states.layout(), States::state_of(entry), 1, 0);
    return entry;
  }
  Commit changes(uint64_t epoch) {
    Commit commit;
    commit.epoch = epoch;
    commit.meta = "{}";
    blocks.save(states, epoch, commit, [&](const Entry& entry, std::string& value) {
      append_i64(value, entry.first);
      states.layout().encode(States::state_of(entry), value);
    });
    return commit;
  }
  void commit(CommitLog& log) {
    const auto committed = log.commit(changes(last_epoch(log) + 1));
    ASSERT_TRUE(committed) << committed.error().message;
  }
  Result<void> restore(CommitLog& log) {
    return blocks.restore(states, log, [&](const EntryBlocks::Stored& stored) -> Entry* {
      ByteReader reader(stored.value);
      const EventTime t = reader.i64();
      Entry& entry = states.add(hash_bytes(stored.key), stored.key, nullptr, t, t);
      return reader.ok() && states.layout().decode(States::state_of(entry), reader.left())
                 ? &entry
                 : nullptr;
    });
  }
  Contents contents() const {
    Contents out;
    states.each([&](const Entry& entry) {
      out[entry.key][entry.first] = read_sums(states.layout(), States::state_of(entry)).count;
    });
    return out;
  }

  States states;
  EntryBlocks blocks;
};

std::unique_ptr<Operator> restarted(CommitLog& log) {
  auto run = std::make_unique<Operator>();
  const auto restored = run->restore(log);
  EXPECT_TRUE(restored) << restored.error().message;
  return run;
}

TEST(EntryBlocks, R34_EntriesComeBackAndThoseThatWentDoNot) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    Operator op;
    op.add("a", 1);
    Entry& gone = op.add("a", 5);
    op.add("b", -3);
    op.commit(*log);
    op.states.remove(gone);
    op.commit(*log);
  }
  EXPECT_EQ(restarted(*log)->contents(), (Contents{{"a", {{1, 1}}}, {"b", {{-3, 1}}}}));
}

TEST(EntryBlocks, AChangeWritesOnlyWhatChanged) {
  Operator op;
  Entry* one = nullptr;
  for (int i = 0; i < 1000; ++i) one = &op.add("key of some length " + std::to_string(i), i);
  op.changes(1);
  op.states.touch(*one);
  const Commit commit = op.changes(2);
  ASSERT_EQ(commit.put.size(), 1u);
  EXPECT_LT(commit.put[0].bytes.size(), 160u);
  EXPECT_TRUE(op.changes(3).put.empty());
}

TEST(EntryBlocks, WhatCameAndWentWithinOneCommitIsNotWritten) {
  Operator op;
  op.states.remove(op.add("a", 1));
  const Commit commit = op.changes(1);
  EXPECT_TRUE(commit.put.empty());
  EXPECT_TRUE(commit.erase.empty());
}

TEST(EntryBlocks, KeysThatPassThroughDoNotPileUpInTheLog) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator op;
  std::vector<Entry*> open;
  size_t blocks = 0;
  for (int i = 0; i < 600; ++i) {
    open.push_back(&op.add("a key that comes once, number " + std::to_string(i), i));
    if (open.size() > 20) {
      op.states.remove(*open.front());
      open.erase(open.begin());
    }
    if (i % 5 == 0) op.commit(*log);
  }
  op.commit(*log);
  const auto stored = log->operators();
  ASSERT_TRUE(stored);
  for (const StoredOperator& one : *stored) blocks += one.bytes;
  EXPECT_LT(blocks, 20u * 1024);  // All of them would take 60 KiB; 20 are open.
  EXPECT_EQ(restarted(*log)->contents(), op.contents());
}

TEST(EntryBlocks, R37_AnotherLayoutIsRefusedAndNamesForget) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator op;
  op.add("a", 1);
  op.commit(*log);
  Operator other("entries v2");
  const auto restored = other.restore(*log);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Code::kInvalidConfig);
  EXPECT_NE(restored.error().message.find("--forget sessions"), std::string::npos);
}

TEST(EntryBlocks, R35_RandomChangesAndRestartsLoseNothing) {
  std::mt19937 random(7);
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  auto op = std::make_unique<Operator>();
  for (int step = 0; step < 1000; ++step) {
    std::vector<Entry*> all;
    op->states.each([&](Entry& entry) { all.push_back(&entry); });
    const unsigned roll = random() % 10;
    if (all.empty() || roll < 4) {
      op->add("k" + std::to_string(random() % 50), step);
    } else if (roll < 7) {
      Entry& entry = *all[random() % all.size()];
      fold(op->states.layout(), States::state_of(entry), 1, 0);
      op->states.touch(entry);
    } else {
      op->states.remove(*all[random() % all.size()]);
    }
    if (random() % 7 == 0) op->commit(*log);
    if (random() % 40 != 0) continue;
    op->commit(*log);
    const Contents before = op->contents();
    op = restarted(*log);
    ASSERT_EQ(op->contents(), before) << "step " << step;
  }
}

}  // namespace
}  // namespace millrace
