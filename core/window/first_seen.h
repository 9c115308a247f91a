#pragma once

/// `dedupe`, which: first (semantics R33). Of the records of one id the first in log order counts;
/// all with t <= t_first + keep are duplicates, those with an earlier t too. The caller has judged
/// lateness before: an on-time record of a forgotten id always lies behind t_first + keep, so when
/// exactly ids are forgotten cannot show.
/// Pure. Threads: one.

#include <string>
#include <string_view>

#include "window/key_map.h"
#include "window/time_slices.h"

namespace millrace {

class FirstSeen {
 public:
  struct Id : SliceRow {
    EventTime first;
    const std::string* key;
  };

  explicit FirstSeen(int64_t keep_us) : keep_us_(keep_us), slices_(keep_us) {}

  /// True: a duplicate. False: it is the first and remembered.
  bool seen(std::string_view key, EventTime t);
  /// `w`: W - L. Forgets ids with w > t_first + keep, a slice at a time.
  void forget(EventTime w);
  /// An id of the last commit, in the order in which they were saved.
  void restore(EventTime slice, std::string_view key, EventTime first);

  TimeSlices<Id>& slices() { return slices_; }
  size_t size() const { return ids_.size(); }
  size_t bytes() const { return key_bytes_ + slices_.rows() * (sizeof(Id) + kIndexBytes); }

 private:
  static constexpr size_t kIndexBytes = 96;  ///< One node of the index, about.
  int64_t keep_us_;
  TimeSlices<Id> slices_;
  KeyMap<EventTime> ids_;  ///< The newest t_first.
  size_t key_bytes_ = 0;
};

}  // namespace millrace
