// The commit log of `keep: "cache"` without a Redis that answers: what it keeps, and which way a
// start goes.
#include "cache/kept_log.h"

#include <gmock/gmock.h>

#include "core/state/state_fixture.h"

namespace millrace {
namespace {

Commit commit_of(uint64_t epoch, const std::string& value, int64_t slice = 0) {
  Commit commit;
  commit.epoch = epoch;
  commit.meta = "meta " + std::to_string(epoch);
  commit.put.push_back(small_block("op", slice, 0, value));
  return commit;
}

std::unique_ptr<KeptLog> open_kept(const TemporaryDirectory& dir) {
  KeptLog::Options options;
  options.url.port = 1;  // Nobody is there.
  options.prefix = "mr";
  options.pipeline = "p";
  options.timeout_us = 10'000;
  return std::make_unique<KeptLog>(open_log(dir), options);
}

/// Commit 1 has slice 10, commit 2 closes it and has slice 20: commit 1 is the base.
void commit_two_slices_of_which_the_first_closes(const TemporaryDirectory& dir) {
  auto log = open_kept(dir);
  ASSERT_TRUE(log->take_over());
  ASSERT_TRUE(log->commit(commit_of(1, "a", 10)));
  Commit second = commit_of(2, "b", 20);
  second.erase_slices.emplace_back("op", 10);
  ASSERT_TRUE(log->commit(second));
}

std::string value_of(CommitLog& log) {
  std::string all;
  EXPECT_TRUE(log.read_blocks("op", [&](const BlockId&, std::string_view bytes) {
    all += bytes.substr(bytes.size() - 1);
    return Result<void>();
  }));
  return all;
}

TEST(KeptLog, R39_BlocksAreInMemoryAndNotInTheLogBelow) {
  const TemporaryDirectory dir;
  {
    auto log = open_kept(dir);
    ASSERT_TRUE(log->take_over()->is_last);
    ASSERT_TRUE(log->commit(commit_of(1, "a")));
    EXPECT_EQ(value_of(*log), "a");
  }
  auto below = open_log(dir);
  EXPECT_EQ(value_of(*below), "");
  EXPECT_EQ((*below->last())->meta, "meta 1");
  EXPECT_FALSE(refuse_kept_elsewhere(*below));
}

TEST(KeptLog, R39_OutboxesAreDurable) {
  const TemporaryDirectory dir;
  {
    auto log = open_kept(dir);
    ASSERT_TRUE(log->take_over());
    Commit commit = commit_of(1, "a");
    commit.put.push_back(small_block("@outbox/out", 1, 0, "row"));
    ASSERT_TRUE(log->commit(commit));
  }
  auto log = open_kept(dir);
  size_t blocks = 0;
  ASSERT_TRUE(log->read_blocks("@outbox/out", [&](const BlockId&, std::string_view) {
    ++blocks;
    return Result<void>();
  }));
  EXPECT_EQ(blocks, 1u);
}

TEST(KeptLog, R39_AStartGoesOnFromTheNewestCutOlderThanWhatIsOpen) {
  const TemporaryDirectory dir;
  {
    auto log = open_kept(dir);
    ASSERT_TRUE(log->take_over());
    ASSERT_TRUE(log->commit(commit_of(1, "a", 10)));
    ASSERT_TRUE(log->commit(commit_of(2, "b", 20)));
    Commit third = commit_of(3, "c", 20);
    third.erase_slices.emplace_back("op", 10);
    ASSERT_TRUE(log->commit(third));
  }
  auto log = open_kept(dir);
  auto start = log->take_over();
  ASSERT_TRUE(start);
  ASSERT_TRUE(start->cut);
  EXPECT_FALSE(start->is_last);
  EXPECT_EQ(start->cut->epoch, 1u);  // Slice 20 began with commit 2.
  EXPECT_EQ(start->cut->meta, "meta 1");
  EXPECT_EQ(value_of(*log), "");
}

TEST(KeptLog, R39_WhatComesFromAnOperatorIsAsOldAsWhatIsOpenThere) {
  const TemporaryDirectory dir;
  {
    auto log = open_kept(dir);
    log->set_upstream({{"op", {"first"}}});
    ASSERT_TRUE(log->take_over());
    Commit one = commit_of(1, "a", 10);
    one.put[0] = small_block("first", 10, 0, "x");
    ASSERT_TRUE(log->commit(one));
    Commit two = commit_of(2, "b", 20);
    two.put[0] = small_block("first", 20, 0, "y");
    ASSERT_TRUE(log->commit(two));
    Commit three = commit_of(3, "c", 0);  // Slice 10 of `first` fires into slice 0 of `op`.
    three.erase_slices.emplace_back("first", 10);
    ASSERT_TRUE(log->commit(three));
  }
  auto start = open_kept(dir)->take_over();
  ASSERT_TRUE(start);
  EXPECT_FALSE(start->cut) << "slice 10 began with the first record of all";
}

TEST(KeptLog, R39_AReplayThatLeadsElsewhereIsNotCommittedAndTheNextWayIsTried) {
  const TemporaryDirectory dir;
  commit_two_slices_of_which_the_first_closes(dir);
  auto log = open_kept(dir);
  ASSERT_EQ(log->take_over()->cut->epoch, 1u);
  const auto wrong = log->commit(commit_of(3, "z", 20));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kUnavailable);
  EXPECT_EQ((*log->last())->epoch, 2u);
  const auto beginning = log->take_over();
  ASSERT_TRUE(beginning);
  EXPECT_FALSE(beginning->cut);
  EXPECT_FALSE(beginning->is_last);
  ASSERT_TRUE(log->commit(commit_of(3, "b", 20))) << "the same state, in other blocks or not";
  EXPECT_TRUE(log->commit(commit_of(4, "c", 20)));
}

TEST(KeptLog, R39_WhatAReplayLedToIsNotBelievedBeforeACommitHasJudgedIt) {
  const TemporaryDirectory dir;
  commit_two_slices_of_which_the_first_closes(dir);
  auto log = open_kept(dir);
  ASSERT_EQ(log->take_over()->cut->epoch, 1u);
  // The replay failed before it came to a commit: a source was away, texts differed.
  const auto next = log->take_over();
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->is_last) << "memory does not hold the state of the last commit";
  EXPECT_FALSE(next->cut);
}

TEST(KeptLog, R52_ItSaysWhatItKeepsInMemory) {
  const TemporaryDirectory dir;
  auto log = open_kept(dir);
  ASSERT_TRUE(log->take_over());
  EXPECT_EQ(log->bytes_in_memory(), 0u);
  const Commit one = commit_of(1, "a", 10), other = commit_of(2, "a longer one", 10);
  ASSERT_TRUE(log->commit(one));
  EXPECT_EQ(log->bytes_in_memory(), one.put[0].bytes.size());
  ASSERT_TRUE(log->commit(other));
  EXPECT_EQ(log->bytes_in_memory(), other.put[0].bytes.size()) << "it replaces the first";
  Commit third = commit_of(3, "b", 20);
  third.erase_slices.emplace_back("op", 10);
  ASSERT_TRUE(log->commit(third));
  EXPECT_EQ(log->bytes_in_memory(), third.put[0].bytes.size());
}

TEST(KeptLog, R39_NoWayIsLeftAfterTheLastOne) {
  const TemporaryDirectory dir;
  {
    auto log = open_kept(dir);
    ASSERT_TRUE(log->take_over());
    ASSERT_TRUE(log->commit(commit_of(1, "a", 10)));
  }
  auto log = open_kept(dir);
  for (int tries = 0; tries < 3; ++tries) {
    const auto start = log->take_over();
    if (!start) {
      EXPECT_THAT(start.error().message, testing::HasSubstr("--fresh"));
      return;
    }
    ASSERT_FALSE(log->commit(commit_of(2, "z", 10)));
  }
  FAIL() << "it goes on for ever";
}

TEST(KeptLog, R39_StateThatWasKeptInTheLogIsTakenOver) {
  const TemporaryDirectory dir;
  {
    auto plain = open_log(dir);
    ASSERT_TRUE(plain->commit(commit_of(1, "a")));
  }
  {
    auto log = open_kept(dir);
    ASSERT_TRUE(log->take_over()->is_last);
    EXPECT_EQ(value_of(*log), "a");
    Commit second = commit_of(2, "b", 5);
    ASSERT_TRUE(log->commit(second));
    EXPECT_EQ(value_of(*log), "ab");
  }
  auto below = open_log(dir);
  EXPECT_EQ(value_of(*below), "");
}

TEST(KeptLog, R39_CutsAreFewHoweverManyCommits) {
  const TemporaryDirectory dir;
  auto log = open_kept(dir);
  ASSERT_TRUE(log->take_over());
  for (uint64_t epoch = 1; epoch <= 500; ++epoch)
    ASSERT_TRUE(log->commit(commit_of(epoch, "a", epoch < 5 ? 0 : 1)));
  size_t cuts = 0;
  ASSERT_TRUE(log->read_blocks(kCutsOperator, [&](const BlockId&, std::string_view) {
    ++cuts;
    return Result<void>();
  }));
  EXPECT_LE(cuts, 66u);
  EXPECT_GE(cuts, 32u);
}

}  // namespace
}  // namespace millrace
