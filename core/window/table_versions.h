#pragma once

/// The versions of a table's rows by key, for stream–table joins (semantics R31): the newest
/// version with version_ts <= t, of equal times the later in the log. Kept are all versions newer
/// than a bound and the newest at or before it; a key is pruned when it gets a new version, so it
/// holds at most its versions within the history and one more. Pure. Threads: one.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "window/time_slices.h"

namespace millrace {

class TableVersions {
 public:
  struct Version {
    EventTime time = 0;
    bool deleted = false;
    std::shared_ptr<const std::string> row;  ///< Rows made from it may outlive it.
  };
  struct Key : SliceRow {
    const std::string* key = nullptr;
    std::vector<Version> versions;  ///< By (time, log).
  };

  /// `history` false: only the version that came last counts, whatever its time (`latest`).
  explicit TableVersions(bool history) : history_(history), slices_(kTimeMax) {}

  /// `bound`: versions at or before it are history, but for the newest of them.
  void put(std::string_view key, EventTime t, bool deleted, std::string row, EventTime bound);
  /// Null: no version, or it deletes.
  std::shared_ptr<const std::string> find(std::string_view key, EventTime t) const;
  Key& restore(std::string_view key, std::vector<Version> versions);

  /// One slice: a key has no time of its own.
  TimeSlices<Key>& slices() { return slices_; }
  size_t bytes() const { return row_bytes_ + keys_.size() * kKeyBytes; }

 private:
  static constexpr size_t kKeyBytes = 192, kVersionBytes = 64;
  void prune(Key& key, EventTime bound);

  bool history_;
  TimeSlices<Key> slices_;
  std::unordered_map<std::string, Key*> keys_;
  size_t row_bytes_ = 0;
};

}  // namespace millrace
