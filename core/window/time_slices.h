#pragma once

/// Rows by slices of event time, so that what is too old goes by dropping a slice, in memory and in
/// the commit (hotpath §4). A row's place in its slice is its ordinal in state blocks; rows never
/// move. Rows derive from SliceRow.
/// Pure. Threads: one.

#include <algorithm>
#include <bit>
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
    EventTime end = kTimeNone;  ///< Behind the last time that it holds.
    std::deque<Row> rows;
    std::vector<uint32_t> dirty;  ///< Ordinals changed since the last commit.
  };

  using Gone = std::vector<typename std::map<EventTime, Slice>::node_type>;

  /// Slices of about an eighth of the time that rows are kept: a power of two, so that slices of
  /// different widths, before and behind a changed configuration, lie one within the other. Never
  /// narrower than `narrowest_us`, where a slice for each time would cost more than its rows.
  explicit TimeSlices(int64_t keep_us, int64_t narrowest_us = 1)
      : width_(static_cast<int64_t>(
            std::bit_floor(static_cast<uint64_t>(std::max(keep_us / 8, narrowest_us))))) {}

  /// Of the widest slice that there may be. To be stored where `keep_us` may change between two
  /// runs, and given back before rows are restored.
  int64_t widest() const { return std::max(width_, restored_width_); }
  void restore_widest(int64_t width) { restored_width_ = width; }

  EventTime slice_of(EventTime t) const {
    const int64_t number = floor_div(t, width_);
    int64_t start = 0;
    return __builtin_mul_overflow(number, width_, &start) ? kTimeNone : start;
  }

  /// The reference holds until the slice is dropped.
  Row& add(EventTime t, Row row) {
    Row& added = place(slice_of(t), width_, std::move(row));
    touch(added);
    return added;
  }
  /// As add, for a row that the commit has already.
  Row& restore(EventTime start, Row row) { return place(start, widest(), std::move(row)); }
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
    while (!slices_.empty() && slices_.begin()->second.end <= t) {
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
  Row& place(EventTime start, int64_t width, Row row) {
    Slice& slice = slices_[start];
    slice.end = std::max(slice.end, saturating_add(start, width));
    row.slice = start;
    row.ordinal = static_cast<uint32_t>(slice.rows.size());
    row.dirty = false;
    return slice.rows.emplace_back(std::move(row));
  }

  int64_t width_, restored_width_ = 1;
  std::map<EventTime, Slice> slices_;
  std::vector<EventTime> dropped_;
};

}  // namespace millrace
