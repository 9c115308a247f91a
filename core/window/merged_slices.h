#pragma once

/// Slices combined ahead of time, so that closing a window of thousands of them asks for a dozen: a
/// block holds 4, 16, 64 … hops and is made of four smaller ones when a closing window first needs
/// it. Which hops a block holds follows from the grid of the windows alone, not from what closed
/// before, and blocks are never stored. Only for aggregates whose merges may be bracketed in any
/// way (AggregateLayout::associative); order is kept.
/// Pure. Threads: one.

#include <map>
#include <memory>
#include <vector>

#include "window/merged_groups.h"
#include "window/slicer.h"

namespace millrace {

class MergedSlices {
 public:
  using Slices = std::map<EventTime, GroupSlice>;

  MergedSlices(const AggregateLayout& layout, Slicer::Grid grid);

  /// Merges all slices of `window` into `into`, in their order.
  void combine(const Slices& slices, const Span& window, MergedGroups& into);
  /// Where blocks end: a slice that starts before it may be in one.
  EventTime upto() const { return upto_; }
  /// The slice at `t` changes: what holds it is made anew when it is needed.
  void forget(EventTime t);
  /// No window starts before `start` any more.
  void drop_before(EventTime start);
  size_t bytes() const;

 private:
  using Blocks = std::map<EventTime, MergedGroups>;  ///< By start.

  int64_t width(size_t level) const { return grid_.every << (2 * level); }
  EventTime start_of(size_t level, EventTime t) const;
  void add(const Slices& slices, Span part, size_t level_max, MergedGroups& into);
  const MergedGroups& block(const Slices& slices, size_t level, EventTime start);

  const AggregateLayout& layout_;
  Slicer::Grid grid_;
  std::vector<Blocks> levels_;  ///< Level 0, the slices themselves, stays empty.
  EventTime upto_ = kTimeNone;
};

}  // namespace millrace
