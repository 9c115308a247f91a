#pragma once

/// Reads the copy of one state for a restart. What it says of itself is not believed: whoever takes
/// it compares it with the commit log. Threads: one.

#include <optional>
#include <vector>

#include "cache/cache_connection.h"
#include "cache/cache_keys.h"
#include "cache/cut.h"
#include "state/commit_log.h"

namespace millrace {

/// What it claims to be.
struct CopyClaim {
  uint64_t complete_to = 0;      ///< The commit.
  std::optional<uint64_t> next;  ///< Where a log elsewhere goes on behind that.
};

/// Calls `visit` for each block that holds together and is not of a later commit; in no order,
/// maybe not all. The first error of `visit` ends it. kUnavailable, kFailed: Redis does not answer,
/// or has no whole copy.
Result<CopyClaim> read_copy(CacheConnection& connection, const CacheKeys& keys,
                            const CommitLog::BlockVisitor& visit);

struct TakenCopy {
  uint64_t complete_to = 0;
  std::vector<StateBlock> blocks;  ///< Without those that are kept in the log.
};
/// All of read_copy().
Result<TakenCopy> take_copy(CacheConnection& connection, const CacheKeys& keys);

/// By operator.
SumsByOperator copy_sums(const std::vector<StateBlock>& blocks);

}  // namespace millrace
