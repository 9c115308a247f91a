#include "state/local_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "state/block_key.h"
#include "state_fixture.h"

namespace millrace {
namespace {

TEST(LocalLog, HoldsNothingBeforeTheFirstCommit) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  auto last = log->last();
  ASSERT_TRUE(last);
  EXPECT_FALSE(*last);
  EXPECT_EQ(stored(*log, "op"), Texts());
  EXPECT_TRUE(log->operators()->empty());
  EXPECT_GT(log->bytes_on_disk(), 0u);
}

TEST(LocalLog, KeepsCommitsAcrossOpening) {
  TemporaryDirectory dir;
  std::string id;
  {
    auto log = open_log(dir);
    id = log->state_id();
    must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "one")})));
    must(log->commit(commit_of(7, {raw_block("op", 0, 0, 1, "two")})));
  }
  auto log = open_log(dir);
  EXPECT_EQ(log->state_id(), id);
  auto last = log->last();
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->epoch, 7u);
  EXPECT_EQ((*last)->meta, "meta 7");
  EXPECT_EQ(stored(*log, "op"), (Texts{"0/0/0=one", "0/0/1=two"}));
}

TEST(LocalLog, FilesAreForTheOwnerAlone) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  for (const auto& entry : std::filesystem::directory_iterator(log->path())) {
    struct stat found;
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 077u, 0u) << entry.path();
  }
}

TEST(LocalLog, ReadsAnOperatorInOrderOfSliceShardNumber) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(1, {raw_block("b", 5, 1, 256, "f"), raw_block("b", 5, 1, 255, "e"),
                                 raw_block("b", 5, 0, 7, "d"), raw_block("b", -1, 63, 0, "b"),
                                 raw_block("b", INT64_MIN, 0, 0, "a"),
                                 raw_block("b", 0, 63, 0, "c"), raw_block("a", 9, 0, 0, "x"),
                                 raw_block("bb", 0, 0, 0, "y"), raw_block("c", 0, 0, 0, "z")})));
  EXPECT_EQ(stored(*log, "b"), (Texts{"-9223372036854775808/0/0=a", "-1/63/0=b", "0/63/0=c",
                                      "5/0/7=d", "5/1/255=e", "5/1/256=f"}));
  EXPECT_EQ(stored(*log, "bb"), (Texts{"0/0/0=y"}));
  EXPECT_EQ(stored(*log, "bbb"), Texts());
}

TEST(LocalLog, AVisitorsErrorEndsTheReading) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "a"), raw_block("op", 0, 0, 1, "b")})));
  int seen = 0;
  const auto read = log->read_blocks("op", [&](const BlockId&, std::string_view) {
    ++seen;
    return Result<void>(Error{Code::kCorrupt, "no"});
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "no");
  EXPECT_EQ(seen, 1);
}

TEST(LocalLog, ErasesBlocksSlicesAndOperators) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  std::vector<StateBlock> blocks;
  for (const std::string op : {"a", "ab", "b"}) {
    for (const int64_t slice : {-1, 0, 1}) {
      for (const uint8_t shard : {0, 1}) blocks.push_back(raw_block(op, slice, shard, 3, "x"));
    }
  }
  must(log->commit(commit_of(1, blocks)));

  Commit commit = commit_of(2);
  commit.erase = {{"a", 0, 1, 3}, {"a", 0, 1, 4}};  // The second was never there.
  commit.erase_slices = {{"a", -1}, {"ab", 1}, {"a", 77}};
  commit.erase_operators = {"b", "never"};
  must(log->commit(commit));
  EXPECT_EQ(stored(*log, "a"), (Texts{"0/0/3=x", "1/0/3=x", "1/1/3=x"}));
  EXPECT_EQ(stored(*log, "ab"), (Texts{"-1/0/3=x", "-1/1/3=x", "0/0/3=x", "0/1/3=x"}));
  EXPECT_EQ(stored(*log, "b"), Texts());
}

TEST(LocalLog, ErasesBeforeItPuts) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(
      commit_of(1, {raw_block("op", 0, 0, 0, "old"), raw_block("op", 0, 0, 1, "old")})));
  Commit commit = commit_of(2, {raw_block("op", 0, 0, 0, "new")});
  commit.erase = {{"op", 0, 0, 0}};
  commit.erase_slices = {{"op", 0}};
  commit.erase_operators = {"op"};
  must(log->commit(commit));
  EXPECT_EQ(stored(*log, "op"), (Texts{"0/0/0=new"}));
}

TEST(LocalLog, ListsOperatorsByName) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(
      1, {raw_block("zz", 0, 0, 0, "12345"), raw_block("b", 0, 0, 0, "1"),
          raw_block("b", 1, 0, 0, std::string(5000, 'x')), raw_block("abc", 0, 0, 0, "")})));
  const auto operators = log->operators();
  ASSERT_TRUE(operators);
  ASSERT_EQ(operators->size(), 3u);
  EXPECT_EQ((*operators)[0].op, "abc");
  EXPECT_EQ((*operators)[1].op, "b");
  EXPECT_EQ((*operators)[1].blocks, 2u);
  EXPECT_EQ((*operators)[1].bytes, 5001u);
  EXPECT_EQ((*operators)[2].op, "zz");
}

TEST(LocalLog, RefusesACommitThatDoesNotFollow) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(5)));
  for (const uint64_t epoch : {5, 4, 0}) {
    const auto refused = log->commit(commit_of(epoch, {raw_block("op", 0, 0, 0, "x")}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "commit " + std::to_string(epoch) + " does not follow commit 5 in force");
  }
  EXPECT_EQ(stored(*log, "op"), Texts());
  EXPECT_EQ(last_epoch(*log), 5u);
}

TEST(LocalLog, RefusesNamesThatDoNotFit) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  must(log->commit(commit_of(1, {raw_block(std::string(255, 'n'), 0, 0, 0, "x")})));
  EXPECT_EQ(stored(*log, std::string(255, 'n')), (Texts{"0/0/0=x"}));
  EXPECT_FALSE(log->commit(commit_of(2, {raw_block(std::string(256, 'n'), 0, 0, 0, "x")})));
  EXPECT_EQ(last_epoch(*log), 1u);
}

TEST(LocalLog, GrowsPastItsFirstMap) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 1 << 20);
  ASSERT_EQ(log->map_bytes(), 1u << 20);
  Texts expected;
  // One commit that fits, one far too large, then many small ones.
  must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "first")})));
  std::vector<StateBlock> blocks;
  for (uint32_t i = 1; i <= 200; ++i) {
    blocks.push_back(raw_block("op", 0, 0, i, std::string(kBlockBytesMax, 'a')));
  }
  must(log->commit(commit_of(2, std::move(blocks))));
  EXPECT_GE(log->map_bytes(), 200 * kBlockBytesMax);
  for (uint32_t i = 0; i < 100; ++i) {
    must(log->commit(commit_of(3 + i, {raw_block("op", 1, 0, i, std::string(300'000, 'b'))})));
  }
  log = nullptr;
  log = open_log(dir, 1 << 20);
  EXPECT_EQ(last_epoch(*log), 102u);
  EXPECT_EQ(stored(*log, "op").size(), 301u);
  must(log->commit(commit_of(103)));
}

TEST(LocalLog, AFullBlockTakesSixteenPages) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 64 << 20);
  std::vector<StateBlock> blocks;
  for (uint32_t i = 0; i < 256; ++i) {
    blocks.push_back(raw_block("op", 0, 0, i, std::string(kBlockBytesMax, 'a')));
  }
  must(log->commit(commit_of(1, std::move(blocks))));
  EXPECT_LT(log->bytes_on_disk(), (16ull << 20) + (256 << 10));
}

TEST(LocalLog, ReadersGoOnBesideCommitsThatGrowTheMap) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 1 << 20);
  must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "1")})));
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const Texts blocks = stored(*log, "op");
        // Every commit replaces the one block, and its number is its epoch.
        if (blocks.size() != 1) ++torn;
        log->bytes_on_disk();
        log->state_id();
      }
    });
  }
  for (uint32_t epoch = 2; epoch < 60; ++epoch) {
    Commit commit =
        commit_of(epoch, {raw_block("op", 0, 0, epoch, std::string(epoch * 50'000, 'x'))});
    commit.erase_slices = {{"op", 0}};
    must(log->commit(commit));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_GT(log->map_bytes(), 1u << 20);
}

TEST(LocalLog, AnAbortedTransactionLeavesNothing) {
  TemporaryDirectory dir;
  {
    auto log = open_log(dir);
    must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "kept")})));
  }
  {
    auto store = LmdbStore::open(dir / "p/state", 1 << 20);
    ASSERT_TRUE(store);
    const auto outcome = (*store)->write(0, [](LmdbTransaction& transaction) -> Result<void> {
      MILLRACE_TRY(transaction.put(block_key({"op", 0, 0, 0}), "overwritten"));
      MILLRACE_TRY(transaction.put(block_key({"op", 0, 0, 1}), std::string(100'000, 'x')));
      MILLRACE_TRY(transaction.erase("m"));
      return Error{Code::kFailed, "on purpose"};
    });
    EXPECT_EQ(outcome.error().message, "on purpose");
  }
  auto log = open_log(dir);
  EXPECT_EQ(stored(*log, "op"), (Texts{"0/0/0=kept"}));
  EXPECT_EQ(last_epoch(*log), 1u);
}

TEST(LocalLog, ResetForgetsAllAndIsAnotherState) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  const std::string id = log->state_id();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  must(log->commit(commit_of(9, {raw_block("op", 0, 0, 0, "x")})));
  must(log->reset());
  EXPECT_NE(log->state_id(), id);
  EXPECT_EQ(last_epoch(*log), 0u);
  EXPECT_EQ(stored(*log, "op"), Texts());
  must(log->commit(commit_of(1, {raw_block("op", 0, 0, 0, "y")})));
  const std::string second = log->state_id();
  log = nullptr;
  log = open_log(dir);
  EXPECT_EQ(log->state_id(), second);
  EXPECT_EQ(stored(*log, "op"), (Texts{"0/0/0=y"}));
}

TEST(LocalLog, CompactGivesDiskBack) {
  TemporaryDirectory dir;
  auto log = open_log(dir, 64 << 20);
  std::vector<StateBlock> blocks;
  for (uint32_t i = 0; i < 300; ++i)
    blocks.push_back(raw_block("op", i, 0, 0, std::string(60'000, 'a')));
  must(log->commit(commit_of(1, std::move(blocks))));
  Commit commit = commit_of(2, {raw_block("op", 1000, 0, 0, "stays")});
  for (int64_t i = 10; i < 300; ++i) commit.erase_slices.emplace_back("op", i);
  must(log->commit(commit));
  const uint64_t before = log->bytes_on_disk();
  EXPECT_GT(before, 16u << 20) << "the file does not shrink by itself";
  const Texts kept = stored(*log, "op");
  const std::string id = log->state_id();

  must(log->copy_compact(dir / "copy.mdb"));
  EXPECT_FALSE(log->copy_compact(dir / "copy.mdb")) << "an existing file is never overwritten";
  must(log->compact());
  EXPECT_LT(log->bytes_on_disk(), 2u << 20);
  EXPECT_EQ(stored(*log, "op"), kept);
  must(log->commit(commit_of(3)));
  log = nullptr;
  log = open_log(dir);
  EXPECT_EQ(last_epoch(*log), 3u);
  EXPECT_EQ(stored(*log, "op"), kept);

  log = nullptr;
  std::filesystem::rename(dir / "copy.mdb", dir / "p/state/data.mdb");
  log = open_log(dir);
  EXPECT_EQ(last_epoch(*log), 2u);
  EXPECT_EQ(stored(*log, "op"), kept);
  EXPECT_EQ(log->state_id(), id);
}

TEST(LocalLog, TakesManyThousandBlocksInOneCommit) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  // With 140'000 (run by hand, 7 s) there are more dirty pages than one LMDB transaction keeps in
  // memory, 131'071: it spills.
  std::vector<StateBlock> blocks;
  for (uint32_t i = 0; i < 20'000; ++i) {
    blocks.push_back(
        raw_block("op", i % 7, static_cast<uint8_t>(i % 64), i, std::string(2100, 'x')));
  }
  must(log->commit(commit_of(1, std::move(blocks))));
  EXPECT_EQ((*log->operators())[0].blocks, 20'000u);
  must(log->compact());
  EXPECT_EQ((*log->operators())[0].blocks, 20'000u);
}

TEST(LocalLog, ALargeFileThatIsMostlyFreeIsMadeSmall) {
  TemporaryDirectory dir;
  auto log = open_log(dir);
  EXPECT_FALSE(*log->compact_if_sparse()) << "small files are left alone";
  std::vector<StateBlock> blocks;
  for (uint32_t i = 0; i < 1500; ++i) {
    blocks.push_back(raw_block("op", i, 0, i, std::string(kBlockBytesMax, 'x')));
  }
  must(log->commit(commit_of(1, std::move(blocks))));
  EXPECT_FALSE(*log->compact_if_sparse()) << "nothing is free";
  const uint64_t large = log->bytes_on_disk();
  Commit smaller = commit_of(2);
  for (int64_t slice = 10; slice < 1500; ++slice) smaller.erase_slices.emplace_back("op", slice);
  must(log->commit(smaller));
  EXPECT_GE(log->bytes_on_disk(), large) << "a file does not shrink by itself";
  EXPECT_TRUE(*log->compact_if_sparse());
  EXPECT_LT(log->bytes_on_disk(), large / 20);
  EXPECT_EQ((*log->operators())[0].blocks, 10u);
  EXPECT_EQ(last_epoch(*log), 2u);
}

}  // namespace
}  // namespace millrace
