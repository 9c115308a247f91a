#pragma once

/// Rows that wait in memory for a commit. The batch of a chunk's rows is a few KiB in blocks of a
/// hundred, and may keep a chunk alive from which nearly all was filtered: so small batches are
/// copied together. Threads: one.

#include <vector>

#include "base/result.h"
#include "record/batch.h"

namespace millrace {

class KeptRows {
 public:
  /// `bytes`: of their keys and values. kFailed: out of memory.
  Result<void> add(BatchRef rows, uint64_t bytes);
  /// All, in the order of the calls; none are left.
  Result<std::vector<BatchRef>> take();
  bool empty() const { return batches_.empty() && small_.empty(); }

 private:
  Result<void> put_together();

  std::vector<BatchRef> batches_;
  std::vector<BatchRef> small_;  ///< Behind `batches_`; not yet put together.
};

}  // namespace millrace
