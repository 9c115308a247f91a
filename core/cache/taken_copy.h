#pragma once

/// Reads the copy of one state for a restart. What it says of itself is not believed: whoever takes
/// it compares it with the commit log. Threads: one.

#include <vector>

#include "cache/cache_connection.h"
#include "cache/cache_keys.h"
#include "cache/cut.h"

namespace millrace {

struct TakenCopy {
  uint64_t complete_to = 0;  ///< The commit that it claims to be.
  /// Blocks that hold together and are not of a later commit; in no order, maybe not all.
  std::vector<StateBlock> blocks;
};

/// kUnavailable, kFailed: Redis does not answer, or has no whole copy.
Result<TakenCopy> take_copy(CacheConnection& connection, const CacheKeys& keys);

/// By operator, of these blocks, without those that are kept in the log.
SumsByOperator copy_sums(const std::vector<StateBlock>& blocks);

}  // namespace millrace
