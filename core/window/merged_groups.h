#pragma once

/// Groups merged from several slices, for one window or a part of it. Never stored, so neither in
/// shards nor with a list of changes.
/// Threads: one.

#include <cstdint>
#include <string_view>
#include <vector>

#include "window/aggregate_layout.h"
#include "window/group_map.h"
#include "window/group_slice.h"

namespace millrace {

class MergedGroups {
 public:
  explicit MergedGroups(const AggregateLayout& layout)
      : layout_(layout), groups_(layout.slot_bytes()) {}
  ~MergedGroups();
  MergedGroups(const MergedGroups&) = delete;

  /// The state of a group, made and initialised when new.
  std::byte* state(uint64_t hash, std::string_view key);
  /// Merges the groups of what came later into these.
  void merge(const GroupSlice& later);
  void merge(const MergedGroups& later) { merge(later.groups_); }
  /// In no order; the views hold until this is changed.
  std::vector<GroupView> all_groups() const;
  size_t bytes() const { return sizeof *this + groups_.bytes(); }

 private:
  void merge(const GroupMap& later);

  const AggregateLayout& layout_;
  GroupMap groups_;
};

}  // namespace millrace
