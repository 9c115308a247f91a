#pragma once

/// Open windows of one grouped operator: slices of time, in each slice 64 shards, in each shard
/// the groups and their aggregate states. Knows which window closes next and hands out its groups,
/// combined from its slices. Pure: no clock, no I/O, no expressions.
/// Threads: one.

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "window/aggregate_layout.h"
#include "window/group_slice.h"
#include "window/merged_slices.h"
#include "window/slicer.h"
#include "window/watermark.h"

namespace millrace {

class WindowGroups {
 public:
  WindowGroups(AggregateLayout layout, Slicer slicer, int64_t allowed_lateness_us);
  WindowGroups(const WindowGroups&) = delete;

  const AggregateLayout& layout() const { return layout_; }
  const Slicer& slicer() const { return slicer_; }
  Slicer& slicer() { return slicer_; }
  int64_t allowed_lateness() const { return allowed_lateness_us_; }

  enum class Verdict { kOnTime, kLatePartial, kLate };
  /// Judges a record at `t` against W as it stood before it (R10, R12).
  Verdict judge(EventTime t, EventTime w) const;

  /// The slice of `t`, made when it is missing. Holds until the slice's last window is closed.
  GroupSlice& slice_at(EventTime t);

  /// The slice that starts exactly there: for restoring.
  GroupSlice& slice_starting(EventTime start);

  struct Due {
    Span window;
    EventTime closes_at;  ///< Once W reaches this.
  };
  /// The next window to close, by (end, start). False: no window is open.
  bool next_due(Due& due) const;

  using ClosedGroup = GroupView;
  /// The groups of a due window, in no order, combined over its slices left to right. The views
  /// hold until close().
  std::vector<ClosedGroup> groups_of(const Span& window);
  /// The same for a window that closes now: slices that later windows hold too may be combined
  /// ahead of time, so that a close costs what its groups cost, not its slices (R4).
  std::vector<ClosedGroup> closing_groups_of(const Span& window);
  struct GroupId {
    uint64_t hash;
    std::string_view key;
  };
  /// The same for some of its groups; those that the window does not hold are left out.
  std::vector<ClosedGroup> groups_of(const Span& window, const std::vector<GroupId>& wanted);
  /// Open windows that hold `t`, by end.
  void open_windows_of(EventTime t, EventTime w, std::vector<Span>& out) const;
  /// Open windows that hold any record, by end.
  std::vector<Span> open_windows() const;
  /// Drops a slice, whatever windows it belongs to.
  void drop_slice(EventTime start) {
    last_slice_ = nullptr;
    slices_.erase(start);
  }
  /// Forgets the window: slices that belong to no later window go, their starts are returned.
  std::vector<EventTime> close(const Span& window);

  /// Windows with an end up to this count as closed, whatever W says: what the end of bounded
  /// input closed stays closed in a later run (R20).
  EventTime closed_upto() const { return closed_upto_; }
  void restore_closed(EventTime fired_upto, EventTime closed_upto) {
    fired_upto_ = fired_upto;
    closed_upto_ = closed_upto;
  }
  EventTime fired_upto() const { return fired_upto_; }
  /// W came to `w`: windows that it closes are past, also those that had nothing in them. Call
  /// after firing what was due, before a record judged against `w` is folded: its slice may belong
  /// to closed windows too (R12), which must not come to life.
  void pass(EventTime w) {
    if (w == kTimeNone || w == kTimeMax) return;  // The end closes only what is there (R20).
    const EventTime end = saturating_sub(w, allowed_lateness_us_);
    if (end > fired_upto_) fired_upto_ = end;
  }
  /// Remembers that the end of input closed everything so far.
  void seal_closed() { closed_upto_ = fired_upto_; }

  std::map<EventTime, GroupSlice>& slices() { return slices_; }
  size_t bytes() const;
  size_t groups() const;

 private:
  bool closed(EventTime end, EventTime w) const {
    return end <= closed_upto_ || is_closed(end, allowed_lateness_us_, w);
  }
  AggregateLayout layout_;
  Slicer slicer_;
  int64_t allowed_lateness_us_;
  std::map<EventTime, GroupSlice> slices_;
  GroupSlice* last_slice_ = nullptr;  ///< Most records fall where the one before them fell.
  /// Null: windows of one slice, or merges that must go slice by slice.
  std::unique_ptr<MergedSlices> merged_;
  std::unique_ptr<MergedGroups> combined_;
  EventTime fired_upto_ = kTimeNone;  ///< Largest end that was closed.
  EventTime closed_upto_ = kTimeNone;
};

}  // namespace millrace
