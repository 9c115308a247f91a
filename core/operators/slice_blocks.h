#pragma once

/// TimeSlices in the commit: a chain of blocks per slice and shard, so that expiry drops chains. A
/// row's key, if it is the same for all of its life, is written once per chain.
/// Threads: the one that applies.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "state/chain.h"
#include "state/commit_log.h"
#include "window/time_slices.h"

namespace millrace {

class SliceBlocks {
 public:
  /// `layout`: what the values look like; state of another layout is refused.
  SliceBlocks(std::string op, std::string_view layout);

  /// Writes what changed and drops what went. `encode(row, value)` appends a row's bytes.
  /// `shard` tells several TimeSlices of one operator apart.
  template <class Row, class Encode>
  void save(TimeSlices<Row>& slices, uint8_t shard, uint64_t epoch, Commit& commit, Encode encode) {
    for (EventTime start : slices.take_dropped()) drop(start, shard, commit);
    for (auto& entry : slices.all()) {
      auto& slice = entry.second;  // No structured binding: clang 14 captures none.
      if (slice.dirty.empty()) continue;
      std::sort(slice.dirty.begin(), slice.dirty.end());
      save_slice({entry.first, shard}, slice.rows.size(), slice.dirty, epoch, commit,
                 [&](uint32_t ordinal, std::string& value) { encode(slice.rows[ordinal], value); });
      for (uint32_t ordinal : slice.dirty) slice.rows[ordinal].dirty = false;
      slice.dirty.clear();
    }
  }

  struct Stored {
    int64_t slice;
    uint8_t shard;
    std::string_view value;
  };
  /// Visits every row in order of (slice, shard, ordinal). False from `visit`: the value is
  /// damaged.
  Result<void> restore(CommitLog& log, const std::function<bool(const Stored&)>& visit);

 private:
  using Place = std::pair<int64_t, uint8_t>;
  using EncodeOrdinal = std::function<void(uint32_t, std::string&)>;
  Chain& chain(Place place);
  void drop(int64_t slice, uint8_t shard, Commit& commit);
  void save_slice(Place place, size_t rows, const std::vector<uint32_t>& dirty, uint64_t epoch,
                  Commit& commit, const EncodeOrdinal& encode);

  std::string op_;
  uint64_t schema_hash_;
  std::map<Place, Chain> chains_;
  size_t row_bytes_ = 32;  ///< Of the latest rows, about: what a delta will take.
};

}  // namespace millrace
