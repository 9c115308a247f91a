#pragma once

/// Rows by slices of event time, so that what is too old goes by dropping a slice, in memory and in
/// the commit (hotpath §4). A row's place in its slice is its ordinal in state blocks; rows never
/// move. Rows derive from SliceRow.
/// Pure. Threads: one.

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace millrace {

struct SliceRow {
  EventTime slice = 0;  ///< Start of its slice.
  uint32_t ordinal = 0;
  bool dirty = false;  ///< Listed in its slice's `dirty`.
};

template <class Row>
class TimeSlices {
 public:
  struct Slice {
    std::deque<Row> rows;
    std::vector<uint32_t> dirty;  ///< Ordinals changed since the last commit.
  };

  using Gone = std::vector<typename std::map<EventTime, Slice>::node_type>;

  /// Slices of an eighth of the time that rows are kept.
  explicit TimeSlices(int64_t keep_us) : width_(std::max<int64_t>(keep_us / 8, 1)) {}

  EventTime slice_of(EventTime t) const {
    const int64_t number = floor_div(t, width_);
    int64_t start = 0;
    return __builtin_mul_overflow(number, width_, &start) ? kTimeNone : start;
  }
  /// Behind the last time that the slice holds.
  EventTime end_of(EventTime slice) const { return saturating_add(slice, width_); }

  /// The reference holds until the slice is dropped.
  Row& add(EventTime t, Row row) {
    Row& added = restore(slice_of(t), std::move(row));
    touch(added);
    return added;
  }
  /// As add, for a row that the commit has already.
  Row& restore(EventTime start, Row row) {
    Slice& slice = slices_[start];
    row.slice = start;
    row.ordinal = static_cast<uint32_t>(slice.rows.size());
    row.dirty = false;
    return slice.rows.emplace_back(std::move(row));
  }
  /// The row changed and must be written again.
  void touch(Row& row) {
    if (row.dirty) return;
    row.dirty = true;
    slices_[row.slice].dirty.push_back(row.ordinal);
  }

  std::map<EventTime, Slice>& all() { return slices_; }
  const std::map<EventTime, Slice>& all() const { return slices_; }

  /// Takes out the slices whose times are all before `t`, oldest first. Their rows stay where they
  /// are as long as what is returned lives.
  Gone drop_before(EventTime t) {
    Gone gone;
    while (!slices_.empty() && end_of(slices_.begin()->first) <= t) {
      dropped_.push_back(slices_.begin()->first);
      gone.push_back(slices_.extract(slices_.begin()));
    }
    return gone;
  }
  /// Starts of slices dropped since the last call.
  std::vector<EventTime> take_dropped() { return std::exchange(dropped_, {}); }

  size_t rows() const {
    size_t total = 0;
    for (const auto& [start, slice] : slices_) total += slice.rows.size();
    return total;
  }

 private:
  int64_t width_;
  std::map<EventTime, Slice> slices_;
  std::vector<EventTime> dropped_;
};

}  // namespace millrace
