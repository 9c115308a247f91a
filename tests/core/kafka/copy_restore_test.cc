// A restore that a cache helps: whatever the cache says, the state is that of the changelog.
#include "kafka/copy_restore.h"

#include <gtest/gtest.h>

#include <functional>

#include "changelog_fixture.h"
#include "kafka/changelog_copier.h"

namespace millrace::kafka {
namespace {

constexpr uint64_t kCommits = 6;

/// Block `shard` of a slice as commit `epoch` wrote it.
StateBlock block(int64_t slice, uint8_t shard, uint64_t epoch) {
  BlockSeries series;
  series.op = "op";
  series.slice = slice;
  series.shard = shard;
  series.commit = epoch;
  BlockWriter writer(series);
  writer.put(0, "key", std::string(100, static_cast<char>('a' + epoch)));
  return std::move(writer.finish().front());
}

class CopyRestore : public testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t epoch = 1; epoch <= kCommits; ++epoch) {
      const auto slice = static_cast<int64_t>(epoch);
      Commit commit =
          commit_of(epoch, {block(slice, 0, epoch), block(slice, 1, epoch), block(0, 5, epoch)});
      commit.put.push_back(small_block("@outbox/out", slice, 0, "rows"));
      if (epoch > 2) {
        commit.erase_slices.emplace_back("op", slice - 2);
        commit.erase_slices.emplace_back("@outbox/out", slice - 2);
      }
      owner_.commit(commit);
    }
  }

  std::vector<std::string> by_changelog() {
    const TemporaryDirectory dir;
    auto local = open_log(dir);
    EXPECT_TRUE(restore_changelog("c 0", changelog_, *local));
    return content(*local);
  }
  /// Into an empty copy.
  Restoration restore(const BlocksElsewhere& elsewhere) {
    const TemporaryDirectory dir;
    auto local = open_log(dir);
    return restore_into(*local, elsewhere);
  }
  Restoration restore_into(LocalLog& local, const BlocksElsewhere& elsewhere) {
    auto done = restore_changelog("c 0", changelog_, local, elsewhere);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(content(local), by_changelog());
    EXPECT_EQ((*local.mark())->next, static_cast<uint64_t>(changelog_.range().end));
    EXPECT_NE((*local.mark())->written_us, kUnproven);
    return done ? std::move(*done) : Restoration{};
  }
  /// A cache with `change` done to what it holds of commit `epoch`.
  BlocksElsewhere changed(uint64_t epoch, const std::function<void(Copy&)>& change) {
    Copy copy = owner_.copy(epoch);
    change(copy);
    return cache_with(copy, owner_.id());
  }
  uint64_t whole_bytes() { return restore(nullptr).changelog_bytes; }

  MemoryChangelog changelog_;
  Owner owner_{changelog_};
};

TEST_F(CopyRestore, E33_ACopyOfTheLastCommitIsTakenAndNothingOfTheChangelog) {
  const Restoration done = restore(cache_with(owner_.copy(kCommits), owner_.id()));
  EXPECT_GT(done.copy_bytes, 0u);
  EXPECT_EQ(done.changelog_bytes, 0u);
  EXPECT_TRUE(done.copy_is_last);
  ASSERT_TRUE(done.manifest);
  EXPECT_EQ(done.manifest->sums().at("op").blocks, 5u);
  EXPECT_EQ(done.manifest->sums().at("@outbox/out").blocks, 2u);
}

TEST_F(CopyRestore, E33_AnOlderCopyIsTakenAndTheRestOfTheChangelog) {
  const uint64_t whole = whole_bytes();
  for (uint64_t epoch = 1; epoch < kCommits; ++epoch) {
    const Restoration done = restore(cache_with(owner_.copy(epoch), owner_.id()));
    EXPECT_GT(done.copy_bytes, 0u) << epoch;
    EXPECT_GT(done.changelog_bytes, 0u) << epoch;
    EXPECT_LT(done.changelog_bytes, whole) << epoch;
    EXPECT_FALSE(done.copy_is_last);
    EXPECT_TRUE(done.manifest);
  }
}

TEST_F(CopyRestore, E33c_WhatTheManifestDoesNotProveIsNotTaken) {
  const uint64_t whole = whole_bytes();
  const BlockId some = block(kCommits, 1, 0).id;
  const std::map<std::string, BlocksElsewhere> lies{
      {"no block", changed(kCommits, [](Copy& c) { c.blocks.clear(); })},
      {"a block is missing", changed(kCommits, [&](Copy& c) { c.blocks.erase(some); })},
      {"a block of an earlier commit",
       changed(kCommits, [&](Copy& c) { c.blocks[some] = block(kCommits, 1, 1).bytes; })},
      {"a block too many",
       changed(kCommits, [&](Copy& c) { c.blocks[block(1, 0, 1).id] = block(1, 0, 1).bytes; })},
      {"an earlier copy that says it is the last",
       changed(2, [](Copy& c) { c.head.commit = kCommits; })},
      {"a commit that never was", changed(kCommits, [](Copy& c) { c.head.commit = 99; })},
      {"read on from too far behind",
       changed(2, [&](Copy& c) { c.head.next = owner_.copy(4).head.next; })},
      {"read on from behind the end", changed(2, [](Copy& c) { c.head.next = 1 << 20; })},
      {"read on from nowhere", changed(2, [](Copy& c) { c.head.next = UINT64_MAX; })},
      {"nowhere to read on from", changed(2, [](Copy& c) { c.head.next.reset(); })},
      {"of another state", cache_with(owner_.copy(kCommits), std::string(32, 'b'))},
      {"gone half way",
       [&](const std::string&, const CommitLog::BlockVisitor& visit) -> Result<CopyHead> {
         MILLRACE_TRY(visit(some, owner_.copy(kCommits).blocks.at(some)));
         return Error{Code::kUnavailable, "broken"};
       }},
  };
  for (const auto& [what, lie] : lies) {
    SCOPED_TRACE(what);
    const Restoration done = restore(lie);
    EXPECT_EQ(done.copy_bytes, 0u);
    EXPECT_GE(done.changelog_bytes, whole);
    EXPECT_FALSE(done.copy_is_last);
    EXPECT_FALSE(done.manifest);
  }
}

/// Reading on from too early does no harm: later records replace what earlier ones said.
TEST_F(CopyRestore, E33_ReadingOnFromTooEarlyLeadsToTheSameState) {
  const Restoration done = restore(changed(3, [](Copy& c) { c.head.next = 0; }));
  EXPECT_GT(done.copy_bytes, 0u);
}

TEST_F(CopyRestore, ALastCommitFarFromTheEndIsFound) {
  for (int i = 0; i < 3000; ++i) changelog_.append_control();
  EXPECT_GT(restore(cache_with(owner_.copy(kCommits), owner_.id())).copy_bytes, 0u);
}

TEST_F(CopyRestore, E33c_WhatANewerReleaseWroteIsRefusedWhateverTheCacheHas) {
  const BlocksElsewhere cache = cache_with(owner_.copy(kCommits), owner_.id());
  const auto refused = [&](std::string_view key, const std::string& value) {
    MemoryChangelog changelog = changelog_;
    changelog.append(part_key(key, 0), value);
    const TemporaryDirectory dir;
    auto local = open_log(dir);
    const auto done = restore_changelog("c 0", changelog, *local, cache);
    return done ? "" : done.error().message.substr(0, done.error().message.find(':'));
  };
  std::string bytes;
  const auto take = [&](const std::string&, const std::string& value) { bytes = value; };
  cut_record("bop", kCommits + 1, "x", take);
  bytes[0] = kRecordFormat + 1;
  EXPECT_EQ(refused("bop", bytes),
            "a record in c 0 was written by a newer release (format 2; this one reads 1)");
  std::string commit = write_commit_record({owner_.id(), 1, "{}", {}});
  commit[0] = kCommitFormat + 1;
  cut_record(kCommitKey, kCommits + 1, commit, take);
  EXPECT_EQ(refused(kCommitKey, bytes),
            "a commit record in c 0 was written by a newer release (format 3; this one reads 2)");
}

TEST_F(CopyRestore, WithoutSumsInTheLastCommitTheCacheIsNotAsked) {
  owner_.commit(commit_of(kCommits + 1, {block(9, 0, 7)}), false);
  const Restoration done = restore([](const std::string&, const CommitLog::BlockVisitor&) {
    ADD_FAILURE() << "it was asked";
    return Result<CopyHead>(Error{Code::kFailed, ""});
  });
  EXPECT_GT(done.changelog_bytes, 0u);
}

class LocalCopyBeside : public CopyRestore {
 protected:
  LocalCopyBeside() : local_(open_log(dir_)) {}
  BlocksElsewhere counted() {
    return [this, cache = cache_with(owner_.copy(last_), owner_.id())](
               const std::string& id, const CommitLog::BlockVisitor& visit) {
      ++asked_;
      return cache(id, visit);
    };
  }
  const TemporaryDirectory dir_;
  std::unique_ptr<LocalLog> local_;
  uint64_t last_ = kCommits;
  int asked_ = 0;
};

TEST_F(LocalCopyBeside, R35_ANearOneReadsTheChangelogOn) {
  restore_into(*local_, nullptr);
  owner_.commit(commit_of(++last_, {block(9, 0, 7)}));
  const Restoration done = restore_into(*local_, counted());
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(done.copy_bytes, 0u);
}

TEST_F(LocalCopyBeside, E33_OneFarBehindIsReplaced) {
  restore_into(*local_, nullptr);
  for (int i = 0; i < 1100; ++i) owner_.commit(commit_of(++last_, {block(0, 5, 1)}));
  EXPECT_GT(restore_into(*local_, counted()).copy_bytes, 0u);
  EXPECT_EQ(asked_, 1);
}

TEST_F(LocalCopyBeside, R35_WhatWasNotProvenBeforeACrashIsDropped) {
  LocalLog::Copied half;
  const StateBlock foreign = block(77, 7, 1);
  half.changes[block_key(foreign.id)] = foreign.bytes;
  half.mark = {0, kUnproven};
  must(local_->copy(half));
  restore_into(*local_, nullptr);
  must(local_->copy(half));
  EXPECT_GT(restore_into(*local_, counted()).copy_bytes, 0u);
}

}  // namespace
}  // namespace millrace::kafka
