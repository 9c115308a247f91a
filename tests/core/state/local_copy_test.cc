/// LocalLog as the local copy of a log elsewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "state/block_key.h"
#include "state/local_log.h"
#include "state_fixture.h"

namespace millrace {
namespace {

TEST(LocalCopy, ACommitAndItsMarkAreOne) {
  TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    EXPECT_FALSE(*log->mark());
    must(log->commit_at(commit_of(1, {raw_block("op", 0, 0, 0, "one")}), {42, 7}));
    EXPECT_FALSE(log->commit_at(commit_of(1, {}), {99, 9})) << "not a later commit";
  }
  auto log = open_log(dir);
  const auto mark = log->mark();
  ASSERT_TRUE(mark && *mark);
  EXPECT_EQ((*mark)->next, 42u);
  EXPECT_EQ((*mark)->written_us, 7);
}

TEST(LocalCopy, TakesOverBlocksCommitAndIdentity) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  const std::string id(32, 'b');
  LocalLog::Copied copied;
  copied.changes[block_key({"op", 0, 0, 0})] = "one";
  copied.changes[block_key({"op", 0, 0, 1})] = "two";
  copied.last = Restored{5, "meta"};
  copied.state_id = id;
  copied.mark = {10, 1};
  must(log->copy(copied));
  EXPECT_EQ(stored(*log, "op").size(), 2u);
  EXPECT_EQ((*log->last())->epoch, 5u);
  EXPECT_EQ((*log->last())->meta, "meta");
  EXPECT_EQ(log->state_id(), id);

  LocalLog::Copied later;
  later.changes[block_key({"op", 0, 0, 0})] = std::nullopt;
  later.mark = {20, 2};
  must(log->copy(later));
  EXPECT_EQ(stored(*log, "op").size(), 1u);
  EXPECT_EQ((*log->last())->epoch, 5u);
  EXPECT_EQ(log->state_id(), id);
  EXPECT_EQ((*log->mark())->next, 20u);
}

TEST(LocalCopy, NamesWhatACommitErasesByOperatorOrSlice) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(1, {raw_block("a", 0, 0, 0, "x"), raw_block("b", 1, 0, 0, "x"),
                                 raw_block("b", 2, 0, 0, "x")})));
  Commit commit = commit_of(2, {});
  commit.erase_operators = {"a"};
  commit.erase_slices = {{"b", 2}};
  auto keys = log->erased_keys(commit);
  ASSERT_TRUE(keys);
  std::sort(keys->begin(), keys->end());
  EXPECT_EQ(*keys,
            (std::vector<std::string>{block_key({"a", 0, 0, 0}), block_key({"b", 2, 0, 0})}));
}

TEST(LocalCopy, ResetForgetsEverythingAndKeepsTheGivenIdentity) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit_at(commit_of(1, {raw_block("op", 0, 0, 0, "one")}), {42, 7}));
  const std::string id(32, 'c');
  must(log->reset_to(id));
  EXPECT_EQ(log->state_id(), id);
  EXPECT_FALSE(*log->last());
  EXPECT_FALSE(*log->mark());
}

}  // namespace
}  // namespace millrace
