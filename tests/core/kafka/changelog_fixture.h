#pragma once

/// A task of the kafka log without a cluster: a changelog in memory, which an owner commits to, and
/// what a cache would hold of it after each commit.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/machine.h"
#include "core/state/state_fixture.h"
#include "kafka/changelog_record.h"
#include "kafka/changelog_restore.h"
#include "state/block_key.h"

namespace millrace::kafka {

class MemoryChangelog final : public ChangelogReader {
 public:
  struct Stored {
    std::string key;
    std::optional<std::string> value;
    bool control = false;  ///< Or compacted: takes an offset, is not delivered.
  };

  Range range() const override { return {0, static_cast<int64_t>(records_.size())}; }
  Result<Read> read(int64_t from, const Take& take) override {
    for (auto at = static_cast<size_t>(from); at < records_.size(); ++at) {
      const Stored& one = records_[at];
      if (one.control) continue;
      std::optional<std::string_view> value;
      if (one.value) value = *one.value;
      const auto next = static_cast<int64_t>(at + 1);
      auto more = take({one.key, value, next});
      if (!more) return more.error();
      if (!*more) return Read{false, next};
    }
    return Read{true, range().end};
  }

  void append(std::string key, std::optional<std::string> value) {
    records_.push_back({std::move(key), std::move(value)});
  }
  void append_control() { records_.push_back({"", {}, true}); }

 private:
  std::vector<Stored> records_;
};

/// What a cache holds.
struct Copy {
  CopyHead head;
  std::map<BlockId, std::string> blocks;
};

class Owner {
 public:
  explicit Owner(MemoryChangelog& changelog, char id = 'a') : changelog_(changelog), id_(32, id) {}

  /// As KafkaLog does it. `with_sums`: the worker has a cache.
  void commit(const Commit& commit, bool with_sums = true) {
    std::set<std::string> gone;
    for (const auto& [op, slice] : commit.erase_slices) {
      for (const BlockId& id : manifest_.of_slice(op, slice)) {
        gone.insert(block_key(id));
        copy_.blocks.erase(id);
      }
    }
    EXPECT_TRUE(manifest_.apply(commit));
    for (const StateBlock& block : commit.put) gone.erase(block_key(block.id));
    for (const std::string& key : gone) changelog_.append(part_key(key, 0), std::nullopt);
    const auto put = [&](const std::string& key, const std::string& value) {
      changelog_.append(key, value);
    };
    for (const StateBlock& block : commit.put) {
      cut_record(block_key(block.id), commit.epoch, block.bytes, put);
      copy_.blocks[block.id] = block.bytes;
    }
    CommitRecord record{id_, wall_clock_us(), commit.meta, {}};
    if (with_sums) record.sums = manifest_.sums();
    cut_record(kCommitKey, commit.epoch, write_commit_record(record), put);
    copy_.head = {commit.epoch, static_cast<uint64_t>(changelog_.range().end)};
    changelog_.append_control();
    copies_[commit.epoch] = copy_;
  }

  const std::string& id() const { return id_; }
  const Copy& copy(uint64_t epoch) const { return copies_.at(epoch); }

 private:
  MemoryChangelog& changelog_;
  const std::string id_;
  Manifest manifest_;
  Copy copy_;
  std::map<uint64_t, Copy> copies_;
};

inline BlocksElsewhere cache_with(const Copy& copy, std::string state_id) {
  return [copy, state_id = std::move(state_id)](
             const std::string& asked, const CommitLog::BlockVisitor& visit) -> Result<CopyHead> {
    if (asked != state_id) return Error{Code::kFailed, "nothing of that state"};
    for (const auto& [id, bytes] : copy.blocks) MILLRACE_TRY(visit(id, bytes));
    return copy.head;
  };
}

/// All that a log says.
inline std::vector<std::string> content(CommitLog& log) {
  std::vector<std::string> out{log.state_id()};
  const auto last = log.last();
  if (last && *last) out.push_back(std::to_string((*last)->epoch) + ": " + (*last)->meta);
  const auto operators = log.operators();
  for (const StoredOperator& one : *operators) {
    must(log.read_blocks(one.op, [&](const BlockId& id, std::string_view bytes) {
      out.push_back(block_key(id) + std::string(bytes));
      return Result<void>();
    }));
  }
  return out;
}

}  // namespace millrace::kafka
