#pragma once

/// Rows in the form that a sink wants: bytes of one row behind another, with their keys, event
/// times and headers. They are encoded once, where the rows are ready, and copied into batches
/// piece by piece, as the order of the task releases them.
///
/// Each row ends with a line feed that is not part of it, so a sink that writes lines can write
/// many rows of a batch at once. Threads: one. Memory is kept for the next start().

#include "nodes/row_headers.h"
#include "record/batch.h"

namespace millrace {

class EncodedRows {
 public:
  /// For `count` rows; with or without event times, and headers.
  void start(uint32_t count, bool times, bool headers);

  /// Where row i is written, by rising i from 0: its bytes, its key if it has one, and its headers
  /// if there are any. Then end_row(i).
  ByteBuffer& bytes() { return bytes_; }
  ByteBuffer& key_bytes() { return key_bytes_; }
  RowHeaders& headers() { return headers_; }
  /// `time` counts only where rows have event times.
  void end_row(uint32_t i, bool has_key, EventTime time);

  /// Rows [first, behind) become records of `builder`; at least one. False: out of memory.
  bool copy(uint32_t first, uint32_t behind, BatchBuilder& builder) const;

 private:
  uint64_t begin_of(uint32_t row) const { return row == 0 ? 0 : ends_[row - 1] + 1; }
  uint64_t key_begin_of(uint32_t row) const { return row == 0 ? 0 : key_ends_[row - 1]; }
  mr_need need_of(uint32_t first, uint32_t behind) const;
  void write_spans(uint32_t first, uint32_t behind, bool keyed, const mr_room& room) const;

  ByteBuffer bytes_, key_bytes_;
  Buffer<uint64_t> ends_, key_ends_;  ///< By row, in bytes_ without the line feed, in key_bytes_.
  Buffer<uint8_t> key_nulls_;
  Buffer<EventTime> times_;
  RowHeaders headers_;
  bool has_times_ = false, has_headers_ = false;
};

}  // namespace millrace
