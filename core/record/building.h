#pragma once

/// A batch that is still being written: arenas that fill up, columns of fixed capacity. One room
/// at a time is lent from its end. Only core/record includes this.

#include <memory>

#include "record/host_batch.h"

namespace millrace {

class Building {
 public:
  /// Null when out of memory.
  static std::unique_ptr<Building> make(const mr_need& need);

  bool fits(const mr_need& need) const;
  /// Lends the room; `need` fits.
  mr_rc lend(const mr_need& need, mr_room& room);
  /// Null, or what is wrong with the first `count` records of the lent room: nothing is taken.
  const char* commit(uint32_t count);

  uint32_t count() const { return count_; }
  /// Bytes of the records taken by the last commit.
  uint64_t last_bytes() const { return last_bytes_; }
  /// Ends the batch. count() > 0.
  SourceBatch seal() &&;

 private:
  struct Arena {
    Block block;
    uint64_t used = 0;
  };
  bool lend_headers(const mr_need& need, mr_room& room);
  bool lend_dedupe(const mr_need& need, mr_room& room);
  void ask(uint32_t columns);
  void fill_defaults(uint32_t columns, uint32_t first, uint32_t end);
  const char* check(uint32_t count) const;
  void take_spans(mr_span* spans, uint32_t count, Arena& arena);
  void take_headers(uint32_t count);

  Block columns_block_;
  RecordColumns columns_;
  uint32_t capacity_ = 0, count_ = 0, flags_ = 0;
  uint32_t have_ = 0;                           ///< MR_COL_* that at least one room asked for.
  Arena value_, key_, header_bytes_, headers_;  ///< `used` of headers_ counts headers.
  std::unique_ptr<DedupeColumns> dedupe_;
  mr_need lent_{};
  uint64_t last_bytes_ = 0;
};

}  // namespace millrace
