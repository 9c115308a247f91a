#pragma once

/// Stream rows that wait for the table's watermark to pass them (semantics R31), handed out by
/// (time, log).
/// Pure. Threads: one.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "window/time_slices.h"

namespace millrace {

class WaitingRows {
 public:
  struct Row : SliceRow {
    EventTime time = 0;
    uint64_t sequence = 0;
    bool has_key = false;
    std::string key, bytes;
  };

  explicit WaitingRows(int64_t keep_us) : slices_(keep_us) {}

  void add(EventTime t, bool has_key, std::string_view key, std::string bytes) {
    Row row;
    row.time = t;
    row.sequence = sequence_++;
    row.has_key = has_key;
    row.key = key;
    row.bytes = std::move(bytes);
    place(slices_.add(t, std::move(row)));
  }
  /// The oldest time that waits; kTimeMax: none.
  EventTime oldest() const { return order_.empty() ? kTimeMax : order_.begin()->first.first; }
  /// The next row with t < w. Null: none. Holds until drop().
  const Row* take(EventTime w) {
    if (order_.empty() || order_.begin()->first.first >= w) return nullptr;
    const Row* row = order_.begin()->second;
    order_.erase(order_.begin());
    row_bytes_ -= row->bytes.size() + row->key.size();
    return row;
  }
  /// Drops slices of which all was handed out at `w`; what is returned keeps their rows' bytes.
  TimeSlices<Row>::Gone drop(EventTime w) { return slices_.drop_before(w); }
  /// `w` as stored: rows before it were handed out.
  Row& restore(EventTime slice, Row row, EventTime w) {
    sequence_ = std::max(sequence_, row.sequence + 1);
    Row& kept = slices_.restore(slice, std::move(row));
    if (kept.time >= w) place(kept);
    return kept;
  }
  size_t size() const { return order_.size(); }
  TimeSlices<Row>& slices() { return slices_; }
  size_t bytes() const { return row_bytes_ + slices_.rows() * (sizeof(Row) + kIndexBytes); }

 private:
  static constexpr size_t kIndexBytes = 64;
  void place(Row& row) {
    row_bytes_ += row.bytes.size() + row.key.size();
    order_.emplace(std::pair{row.time, row.sequence}, &row);
  }
  TimeSlices<Row> slices_;
  std::map<std::pair<EventTime, uint64_t>, Row*> order_;
  uint64_t sequence_ = 0;
  size_t row_bytes_ = 0;
};

}  // namespace millrace
