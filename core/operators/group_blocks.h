#pragma once

/// The groups of an operator as state blocks: writes what a commit changed, reads it back.
/// A key is an ordinal in its (slice, shard); its bytes are written once per chain.
/// Threads: one.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "state/chain.h"
#include "state/commit_log.h"
#include "window/window_groups.h"

namespace millrace {

class GroupBlocks {
 public:
  /// `layout_text` says what keys and values look like; state of another text is refused.
  GroupBlocks(std::string op, std::string_view layout_text);

  /// The slice's windows are all closed: its blocks go with the next save.
  void drop_slice(EventTime start);
  /// Adds to `commit` the blocks of all dirty groups and clears the marks.
  void save(WindowGroups& groups, uint64_t epoch, Commit& commit);
  /// Fills empty `groups` from the last commit.
  Result<void> restore(WindowGroups& groups, CommitLog& log);

 private:
  using ChainKey = std::pair<int64_t, uint8_t>;
  void save_shard(GroupSlice& slice, uint8_t shard, const AggregateLayout& layout, uint64_t epoch,
                  Commit& commit);
  Chain& chain(int64_t slice, uint8_t shard);
  Result<void> restore_block(WindowGroups& groups, const BlockId& id, std::string_view bytes);

  std::string op_;
  uint64_t schema_hash_;
  std::map<ChainKey, Chain> chains_;
  std::vector<int64_t> dropped_;
  std::string value_;
};

}  // namespace millrace
