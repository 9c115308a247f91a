#pragma once

/// One record of a changelog: a part of a state block, or of the commit record. README.md is the
/// page; each record has its format's number, and the commit record one more of its own. A block
/// larger than a record may be is cut; its parts follow each other in one transaction, so that a
/// reader who finds them in a row has the whole. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "state/manifest.h"

namespace millrace::kafka {

/// What this release writes, and alone reads. Numbers of formats stay below those of letters, so
/// that text of somebody else in the topic is not taken for a later release's.
inline constexpr uint8_t kRecordFormat = 1, kCommitFormat = 2;

/// Far below the brokers' `message.max.bytes` of 1 MiB.
inline constexpr size_t kPartBytesMax = 512 * 1024;
/// The key that the commit record has instead of a block's.
inline constexpr std::string_view kCommitKey = "m";

/// Calls `take(key, value)` for each part of `bytes`, which `block` names.
void cut_record(std::string_view block, uint64_t commit, std::string_view bytes,
                const std::function<void(const std::string&, const std::string&)>& take);
/// The key of the first part: what a tombstone of the block must name. Later parts stay behind as
/// garbage that no reader puts together, until the key is written again.
std::string part_key(std::string_view block, uint16_t part);

/// Puts parts together again. Threads: one.
class RecordAssembly {
 public:
  struct Whole {
    std::string block;  ///< Its key; kCommitKey: the commit record.
    uint64_t commit = 0;
    std::optional<std::string> bytes;  ///< Nothing: the block is gone.
  };
  /// What `key` and `value` (null: tombstone) complete; nothing as long as parts are missing, or
  /// for a part whose predecessors compaction took because they were replaced.
  std::optional<Whole> take(std::string_view key, std::optional<std::string_view> value);
  /// Records that were no records of this format.
  uint64_t foreign() const { return foreign_; }
  /// The format of one that a newer release wrote; 0: none was seen.
  uint8_t newer() const { return newer_; }

 private:
  Whole open_;
  uint16_t next_part_ = 0;
  uint64_t foreign_ = 0;
  uint8_t newer_ = 0;
};

/// What the commit record holds besides the text of the commit.
struct CommitRecord {
  std::string state_id;  ///< 32 hex digits.
  int64_t written_us = 0;
  std::string meta;
  /// Of all blocks as of this commit: proves a copy of them. Nothing: the worker has no cache.
  std::optional<SumsByOperator> sums;
};
std::string write_commit_record(const CommitRecord& record);
/// kCorrupt: damaged, or of another format, with the remedy; to be read behind the record's name.
Result<CommitRecord> read_commit_record(std::string_view bytes);
/// kCorrupt: "was written by a newer release (format 3; this one reads 2): …", and likewise.
Error other_format(uint8_t found, uint8_t read);

}  // namespace millrace::kafka
