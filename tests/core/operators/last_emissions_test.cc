#include "operators/last_emissions.h"

#include "core/state/state_fixture.h"
#include "core/window/folding.h"

namespace millrace {
namespace {

constexpr Span kFirst{0, 10}, kSecond{10, 20};

struct Operator {
  LastEmissions sent{"per_minute"};

  void commit(CommitLog& log) {
    Commit commit;
    commit.epoch = last_epoch(log) + 1;
    commit.meta = "{}";
    sent.save(commit.epoch, commit);
    const auto committed = log.commit(commit);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void note(const Span& window, std::string_view key) {
    sent.note_change(window, hash_bytes(key), key);
  }
};

std::vector<std::string> keys_of(const LastEmissions::Changed& changed) {
  std::vector<std::string> keys;
  for (const auto& group : changed.groups) keys.emplace_back(group.key);
  return keys;
}

TEST(LastEmissions, ChangesWaitOncePerGroupByWindowEndR25) {
  Operator op;
  op.note(kSecond, "b");
  op.note(kFirst, "a");
  op.note(kSecond, "b");
  const auto changed = op.sent.take_changed();
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0].window, kFirst);
  EXPECT_EQ(keys_of(changed[1]), std::vector<std::string>{"b"});
  EXPECT_FALSE(op.sent.any_changed());
}

TEST(LastEmissions, AbortRollsBackToTheLastCommitR28) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  {
    Operator op;
    op.note(kFirst, "a");
    op.sent.slot(kFirst.end, hash_bytes("b"), "b") = {7, true, false};
    op.commit(*log);
    op.sent.take_changed();
    op.sent.slot(kFirst.end, hash_bytes("b"), "b").row_hash = 8;
  }
  Operator again;
  ASSERT_TRUE(again.sent.restore(Slicer::tumbling(10, 0), *log));
  EXPECT_EQ(again.sent.slot(kFirst.end, hash_bytes("b"), "b").row_hash, 7u);
  const auto changed = again.sent.take_changed();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].window, kFirst);
  EXPECT_EQ(keys_of(changed[0]), std::vector<std::string>{"a"});
}

TEST(LastEmissions, ClosedWindowsAreForgotten) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  Operator op;
  op.note(kFirst, "a");
  op.commit(*log);
  op.sent.forget_changes(kFirst.end);
  op.sent.drop(kFirst.end);
  op.commit(*log);
  Operator again;
  ASSERT_TRUE(again.sent.restore(Slicer::tumbling(10, 0), *log));
  EXPECT_FALSE(again.sent.any_changed());
}

}  // namespace
}  // namespace millrace
