#pragma once

/// The groups of one (slice, shard): key bytes to an ordinal and a fixed-size state slot.
/// Ordinals are append-only and stand for the key in state blocks. Slots never move, so a batch
/// may collect pointers first and update column by column after.
/// What the slots hold is the owner's business: it constructs and destroys them.
/// Threads: one at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "columns/column.h"

namespace millrace {

class GroupMap {
 public:
  struct Group {
    uint64_t hash;
    std::string_view key;  ///< In the map's own arena.
    std::byte* state;      ///< 16-byte aligned.
    bool dirty;            ///< Listed in dirty().
    bool key_stored;       ///< The key's bytes are already in a block of the current chain.
  };

  explicit GroupMap(size_t state_bytes);

  /// The group of `key`, made if it is new (`made` is set; its slot is raw memory). The reference
  /// holds until the next group is made; `state` holds as long as the map.
  Group& find_or_add(uint64_t hash, std::string_view key, bool& made);
  /// Null: there is no such group.
  const Group* find(uint64_t hash, std::string_view key) const;
  /// Adds a group with the next ordinal without looking: for restoring from blocks.
  Group& add(uint64_t hash, std::string_view key);

  void mark_dirty(Group& group) {
    if (group.dirty) return;
    group.dirty = true;
    dirty_.push_back(static_cast<uint32_t>(&group - groups_.data()));
  }
  /// Ordinals changed since the last clear_dirty().
  const std::vector<uint32_t>& dirty() const { return dirty_; }
  void clear_dirty();

  size_t size() const { return groups_.size(); }
  Group& operator[](size_t ordinal) { return groups_[ordinal]; }
  const Group& operator[](size_t ordinal) const { return groups_[ordinal]; }
  /// Memory held: table, keys and slots.
  size_t bytes() const;

 private:
  void grow_table();
  std::byte* new_slot();

  size_t state_bytes_;
  std::vector<Group> groups_;
  std::vector<uint32_t> table_;  ///< Ordinal + 1, or 0; a power of two, at most 3/4 full.
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  size_t slab_used_ = 0, slab_slots_ = 0, slots_bytes_ = 0;
  ByteArena keys_;
  std::vector<uint32_t> dirty_;
};

}  // namespace millrace
