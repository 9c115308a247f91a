#pragma once

/// The one place where a commit becomes true: blocks, positions, watermarks, outbox and pending
/// work of sinks, all or nothing. Two logs implement it: `local` (LMDB, here) and `kafka` (one
/// transaction, in core/kafka).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "record/batch.h"
#include "state/block.h"

namespace millrace {

class Manifest;

/// Rows of one sink that become visible with a commit or not at all. Only a log whose sinks live
/// beside it gets any: the planner asks for them under the kafka log alone.
struct CommitRows {
  std::string sink;                           ///< The user's name of it.
  std::shared_ptr<const std::string> config;  ///< JSON for the plugin; may hold secrets.
  std::vector<BatchRef> batches;
  /// Of a repartition topic (R23): W of what the rows come from, told to all its partitions.
  struct Marker {
    EventTime w = kTimeNone;
    bool idle = false;  ///< No partition of the source counts.
  };
  std::optional<Marker> marker;
};

/// What commit N changes. The erasures are done first, whatever they hit or miss, then the puts:
/// a slice may be dropped and begun again in one commit.
struct Commit {
  uint64_t epoch = 0;  ///< N; larger than any committed before.
  std::vector<StateBlock> put;
  std::vector<BlockId> erase;
  std::vector<std::pair<std::string, int64_t>> erase_slices;  ///< (operator, slice)
  std::vector<std::string> erase_operators;
  std::string meta;  ///< All that is no block (R34); replaces the previous one.
  std::vector<CommitRows> rows;
  /// The sources' own snapshots, which are in `meta` too: for a log that shows them elsewhere.
  std::vector<std::string> positions;
};

/// The last commit.
struct Restored {
  uint64_t epoch = 0;
  std::string meta;
};

struct StoredOperator {
  std::string op;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

/// Threads: commit() from one thread at a time, the rest from any, also beside a commit.
class CommitLog {
 public:
  using BlockVisitor = std::function<Result<void>(const BlockId&, std::string_view)>;

  virtual ~CommitLog() = default;

  /// Durable when it returns. After an error the previous commit is in force, unless the error
  /// came from beyond (a broken connection): who restarts asks last() and believes that.
  /// kFailed names the place and the remedy; kUnavailable may be tried again.
  virtual Result<void> commit(const Commit& commit) = 0;

  /// Nothing before the first commit.
  virtual Result<std::optional<Restored>> last() = 0;

  /// The blocks of one operator in order of (slice, shard, number). The bytes are lent for the
  /// call only. Ends with the first error of `visit`. `visit` does not call this log.
  virtual Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) = 0;

  /// Operators that have blocks, by name. Reads every block's key; for reports, not per commit.
  virtual Result<std::vector<StoredOperator>> operators() = 0;

  /// 32 hex digits, made at random with the log and anew by a fresh start: caches and sinks that
  /// remember another id hold something else (E37).
  virtual std::string state_id() const = 0;

  virtual uint64_t bytes_on_disk() const = 0;
  /// Of state that it holds in memory for good: a part of what `limits.state` allows.
  virtual uint64_t bytes_in_memory() const { return 0; }

  // For who keeps a copy of the blocks (core/cache).

  /// Where a log elsewhere goes on behind the last commit: all blocks as of that commit, and what
  /// comes from there on, are the state. Nothing: the log is here. Not beside a commit.
  virtual std::optional<uint64_t> goes_on_at() const { return std::nullopt; }
  /// What such a copy must hold of the last commit. Null: not known without reading all blocks.
  /// Lent until the next commit.
  virtual const Manifest* manifest() const { return nullptr; }
  /// The same where such a copy was proven to hold it when this log was opened. Null: nobody knows.
  virtual const Manifest* proven_copy() const { return nullptr; }
};

}  // namespace millrace
