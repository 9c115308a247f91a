#pragma once

/// A chain is what is stored of one (operator, slice, shard): a base, then deltas. Chain keeps the
/// numbers: which come next, when a new base is due, what it replaces. It holds no state itself
/// and does no I/O.
///
/// A base is due when the deltas outweigh it: then rewriting costs at most what the deltas cost,
/// and a restart reads at most about twice the live state. Past 16 deltas each of them weighs at
/// least a page, which is what it costs LMDB: so trickling changes do not collect thousands of tiny
/// blocks, and a large base is still not rewritten for a few of them.
///
/// There is no undo: an aborted commit is a restart in process, which builds chains anew from the
/// blocks (E33).

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "state/block.h"

namespace millrace {

/// Threads: one.
class Chain {
 public:
  static constexpr uint32_t kDeltasFew = 16;
  static constexpr uint64_t kPageBytes = 4096;

  Chain(std::string op, int64_t slice, uint8_t shard);

  /// How this commit is to be written. `dirty_bytes`: about what its delta would take; 0 if
  /// unknown, the base then comes one commit later. When the series is a base, write every live
  /// entry with its key, else only what changed, with keys of new ordinals.
  BlockSeries next(uint64_t commit, uint64_t schema_hash, uint64_t dirty_bytes) const;

  /// Takes note that these blocks, of the series that next() gave, will be committed. Returns what
  /// they replace: the whole old chain after a base (an empty base: no state is left), else
  /// nothing.
  std::vector<BlockId> wrote(const BlockSeries& series, const std::vector<StateBlock>& blocks);

  /// Restart: takes the stored blocks in order of number. kCorrupt when one is missing, foreign or
  /// doubled, as far as the chain itself can tell.
  Result<void> restore(const BlockHeader& header, uint64_t block_bytes);
  /// After the last one: kCorrupt when the blocks of the last commit are not all there.
  Result<void> restored() const;

  /// The ids of all stored blocks, oldest first.
  std::vector<BlockId> blocks() const;
  bool empty() const { return first_ == end_; }
  uint64_t base_bytes() const { return base_bytes_; }
  uint64_t delta_bytes() const { return delta_bytes_; }
  /// Deltas since the base; a delta of several blocks counts once.
  uint32_t deltas() const { return deltas_; }

 private:
  Error broken(const BlockHeader& header, std::string_view what) const;

  std::string op_;
  int64_t slice_;
  uint8_t shard_;
  uint32_t first_ = 0, end_ = 0;  ///< Stored blocks: [first_, end_), first_ is the base number.
  uint64_t base_bytes_ = 0, delta_bytes_ = 0;
  uint32_t deltas_ = 0;
  bool whole_ = true;  ///< restore() has seen the last block of a commit.
};

}  // namespace millrace
