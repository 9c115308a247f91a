#pragma once

/// The versions of a table's rows by key, for stream–table joins (semantics R31): the newest
/// version with version_ts <= t, of equal times the later in the log. Kept are all versions newer
/// than a bound and the newest at or before it; a key is pruned when it gets a new version, so it
/// holds at most its versions within the history and one more. A key whose newest version deletes
/// is forgotten once nobody can ask for what was before. Pure. Threads: one.

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "window/keyed_rows.h"

namespace millrace {

class TableVersions {
 public:
  struct Version {
    EventTime time = 0;
    bool deleted = false;
    std::shared_ptr<const std::string> row;  ///< Rows made from it may outlive it.
  };
  struct Key : KeyedRow {
    std::vector<Version> versions;  ///< By (time, log).
  };

  /// `history` false: only the version that came last counts, whatever its time (`latest`).
  explicit TableVersions(bool history) : history_(history) {}

  /// `bound`: versions at or before it are history, but for the newest of them.
  void put(std::string_view key, EventTime t, bool deleted, std::string row, EventTime bound);
  /// Null: no version, or it deletes.
  std::shared_ptr<const std::string> find(std::string_view key, EventTime t) const;
  /// Forgets the keys that were deleted at or before `bound`: nothing on time is older.
  void forget_deleted(EventTime bound);
  Key& restore(std::string_view key, uint32_t ordinal, std::vector<Version> versions);

  KeyedRows<Key>& keys() { return keys_; }
  size_t bytes() const { return row_bytes_ + keys_.bytes(); }

 private:
  static constexpr size_t kVersionBytes = 64;
  using Deleted = std::pair<EventTime, Key*>;
  void prune(Key& key, EventTime bound);
  void erase(Key& key);
  static Deleted place_of(Key& key) { return {key.versions.back().time, &key}; }

  bool history_;
  KeyedRows<Key> keys_;
  std::set<Deleted> deleted_;  ///< Keys whose newest version deletes, by its time.
  size_t row_bytes_ = 0;
};

}  // namespace millrace
