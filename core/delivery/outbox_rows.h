#pragma once

/// The outbox as state blocks: rows of one sink that a commit holds until the sink has confirmed
/// them. One slice per epoch, so that an epoch is dropped as a whole; the operator is
/// `@outbox/SINK`. An entry is a row: put, ordinal = number of the row in its epoch, key = the
/// record's key if it has one, value = a byte of bits (1: it has a value, 2: headers), the event
/// time (8 bytes), the headers, the bytes of the row. A block is delivered as one batch, so an
/// epoch that is delivered again is cut as it was before.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/batch.h"
#include "state/block_writer.h"

namespace millrace {

std::string outbox_operator(std::string_view sink);

struct OutboxEpoch {
  uint64_t epoch = 0;
  uint64_t bytes = 0;
  std::vector<std::string> blocks;
};

/// Collects the rows of one epoch. Threads: one.
class OutboxRows {
 public:
  /// `layout`: what the values are; stored rows of another layout are refused.
  OutboxRows(std::string sink, std::string_view layout);

  void add(const BatchRef& rows, uint64_t epoch);
  uint64_t bytes() const { return bytes_; }
  /// Ends the epoch; nothing if it has no rows.
  std::vector<StateBlock> finish();

  /// The rows of a block, tagged. `owner` is lent to the batch.
  Result<BatchRef> read(std::string_view block, std::string_view owner) const;

 private:
  std::string op_;
  uint64_t layout_hash_;
  std::optional<BlockWriter> writer_;
  std::string value_;
  uint32_t rows_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace millrace
