#pragma once

/// The groups of one slice of time, in 64 shards, each with the states of its aggregates.
/// Threads: one.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "window/aggregate_layout.h"
#include "window/group_map.h"
#include "window/slicer.h"

namespace millrace {

inline constexpr unsigned kGroupShards = 64;
/// Shards are the top six bits of the key's hash; stored, so never to be changed.
inline uint8_t group_shard(uint64_t hash) { return static_cast<uint8_t>(hash >> 58); }

/// A group of a window, seen from outside.
struct GroupView {
  std::string_view key;
  const std::byte* state;
  uint64_t hash;
};

/// The groups of one slice.
class GroupSlice {
 public:
  GroupSlice(const AggregateLayout& layout, Span span);
  ~GroupSlice();
  GroupSlice(const GroupSlice&) = delete;

  Span span() const { return span_; }
  /// The state of a group, made and initialised when new; marked dirty.
  std::byte* state(uint64_t hash, std::string_view key) {
    GroupMap& map = shard(group_shard(hash));
    bool made = false;
    GroupMap::Group& group = map.find_or_add(hash, key, made);
    if (made) layout_.init(group.state);
    map.mark_dirty(group);
    return group.state;
  }
  /// Made when it is missing.
  GroupMap& shard(uint8_t number);
  /// Null when nothing is in it.
  GroupMap* find_shard(uint8_t number) const { return shards_[number].get(); }
  size_t groups() const;
  /// In no order; the views hold until the slice is changed.
  std::vector<GroupView> all_groups() const;
  size_t bytes() const;

 private:
  const AggregateLayout& layout_;
  Span span_;
  std::array<std::unique_ptr<GroupMap>, kGroupShards> shards_;
};

}  // namespace millrace
