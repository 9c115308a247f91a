#pragma once

/// What one node puts out for one chunk: typed columns over rows, which of the rows live, and for
/// each row the record of the chunk that released it. That number is the row's place in the one
/// order of the task (semantics R50): whatever cuts or merges rows goes by it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "columns/column.h"
#include "record/batch.h"

namespace millrace {

struct Rows {
  uint32_t count = 0;  ///< Rows in the columns, dead ones included.

  /// By field of the node's schema; null where nobody reads the field.
  std::vector<const Column*> columns;
  std::vector<std::unique_ptr<Column>> own;  ///< Columns this node made; reused.

  bool all_live = true;   ///< Every row lives and `live` is unused.
  Buffer<uint32_t> live;  ///< Else the living rows, ascending.

  /// Row to record of the chunk, ascending. Null: the identity (rows are the records).
  const uint32_t* record = nullptr;
  Buffer<uint32_t> own_record;
  /// Event time per row; kTimeNone where there is none.
  const EventTime* time = nullptr;
  Buffer<EventTime> own_time;

  /// Rows that are still source records can be passed on byte for byte: row r is
  /// value `origin[r]` of `batch`. Empty batch: the rows exist as columns only.
  BatchRef batch;
  const uint32_t* origin = nullptr;  ///< Null: the identity.

  Selection selection() const {
    return all_live ? Selection::all(count)
                    : Selection{live.data(), static_cast<uint32_t>(live.size())};
  }
  uint32_t record_of(uint32_t row) const { return record ? record[row] : row; }
  uint32_t origin_of(uint32_t row) const { return origin ? origin[row] : row; }
  Column& own_column(size_t i);
  void clear();
  /// Becomes the rows of `from`, all of them living, as long as those live.
  void share(const Rows& from);

  /// 0, 1, 2 … as long as `count`: what a cut of an all-live selection points into. Filled by
  /// view_of, in the ordered stage only.
  mutable Buffer<uint32_t> identity;
};

/// Living rows whose records lie in [begin, end) of the chunk.
struct RowsView {
  const Rows* rows = nullptr;
  Selection live;
};

/// Cuts by binary search: records ascend with rows.
RowsView view_of(const Rows& rows, uint32_t record_begin, uint32_t record_end);

/// How many of the ascending numbers in `selection` (mapped by `rows.record_of`) are < `record`.
uint32_t count_before(const Rows& rows, Selection selection, uint32_t record);

}  // namespace millrace
