#pragma once

/// Records seen before, by the hash of their id (sources.md P4). Entries belong to a group (a
/// topic) and are forgotten once they lie `horizon` behind the largest time of their group; at most
/// `entries_max` are kept, the oldest go first, of equally old ones those of the smaller group, so
/// that a restart forgets the same ones. A 64-bit hash drops a new record by mistake with
/// probability 6e-14 at 2^20 entries.
/// Pure. Threads: one.

#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>

#include "base/time.h"

namespace millrace {

class DuplicateFilter {
 public:
  struct Entry {
    uint64_t hash;
    int64_t time_us;
    uint32_t group;
  };

  DuplicateFilter(int64_t horizon_us, size_t entries_max)
      : horizon_us_(horizon_us), entries_max_(entries_max) {}

  /// True: seen within the horizon. False: it is new and remembered from now on.
  bool seen(const Entry& entry);
  /// Puts back an entry of the last commit.
  void restore(const Entry& entry);
  size_t size() const { return times_.size(); }

 private:
  struct Group {
    int64_t max_time = kTimeNone;
    std::deque<Entry> order;  ///< By arrival, so nearly by time.
  };
  void remember(const Entry& entry, Group& group);
  void forget_old(Group& group);
  void forget_first(Group& group);

  int64_t horizon_us_;
  size_t entries_max_;
  std::unordered_map<uint64_t, int64_t> times_;
  std::map<uint32_t, Group> groups_;
};

}  // namespace millrace
