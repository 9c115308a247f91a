#pragma once

/// What an operator that revises its results sent last for one (group, window): "only if changed"
/// compares with it (semantics R28). A row is remembered by a 64-bit hash of its JSON: two
/// different results of one group that hash alike would be taken for unchanged, once in 2^64.
/// Threads: as any plain value.

#include <cstdint>

namespace millrace {

struct Emission {
  uint64_t row_hash = 0;
  bool sent = false;     ///< The group is in the result that readers have.
  bool changed = false;  ///< Folded into since its window fired.
};

}  // namespace millrace
