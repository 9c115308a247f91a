#include "window/group_map.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr size_t kSlotAlign = 16;
constexpr size_t kFirstSlots = 4, kSlotsMax = 4096;
constexpr size_t kFirstTable = 8;

}  // namespace

GroupMap::GroupMap(size_t state_bytes)
    : state_bytes_((std::max<size_t>(state_bytes, 1) + kSlotAlign - 1) / kSlotAlign * kSlotAlign),
      table_(kFirstTable) {}

GroupMap::Group& GroupMap::find_or_add(uint64_t hash, std::string_view key, bool& made) {
  const size_t mask = table_.size() - 1;
  // The low bits choose the shard's map no more: the shard is the top six (hotpath: 64 shards).
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    const uint32_t ordinal = table_[at];
    if (ordinal == 0) break;
    Group& group = groups_[ordinal - 1];
    if (group.hash == hash && group.key == key) {
      made = false;
      return group;
    }
  }
  made = true;
  return add(hash, key);
}

const GroupMap::Group* GroupMap::find(uint64_t hash, std::string_view key) const {
  const size_t mask = table_.size() - 1;
  for (size_t at = hash & mask; table_[at] != 0; at = (at + 1) & mask) {
    const Group& group = groups_[table_[at] - 1];
    if (group.hash == hash && group.key == key) return &group;
  }
  return nullptr;
}

GroupMap::Group& GroupMap::add(uint64_t hash, std::string_view key) {
  if ((groups_.size() + 1) * 4 > table_.size() * 3) grow_table();
  groups_.push_back({hash, keys_.store(key), new_slot(), false, false});
  const size_t mask = table_.size() - 1;
  size_t at = hash & mask;
  while (table_[at] != 0) at = (at + 1) & mask;
  table_[at] = static_cast<uint32_t>(groups_.size());
  return groups_.back();
}

void GroupMap::grow_table() {
  table_.assign(table_.size() * 2, 0);
  const size_t mask = table_.size() - 1;
  for (size_t i = 0; i < groups_.size(); ++i) {
    size_t at = groups_[i].hash & mask;
    while (table_[at] != 0) at = (at + 1) & mask;
    table_[at] = static_cast<uint32_t>(i + 1);
  }
}

std::byte* GroupMap::new_slot() {
  if (slab_used_ == slab_slots_) {
    slab_slots_ = slab_slots_ == 0 ? kFirstSlots : std::min(slab_slots_ * 2, kSlotsMax);
    slabs_.emplace_back(new std::byte[slab_slots_ * state_bytes_]);
    slots_bytes_ += slab_slots_ * state_bytes_;
    slab_used_ = 0;
  }
  return slabs_.back().get() + slab_used_++ * state_bytes_;
}

void GroupMap::clear_dirty() {
  for (uint32_t ordinal : dirty_) groups_[ordinal].dirty = false;
  dirty_.clear();
}

size_t GroupMap::bytes() const {
  return groups_.capacity() * sizeof(Group) + table_.capacity() * sizeof(uint32_t) + slots_bytes_ +
         keys_.capacity() + dirty_.capacity() * sizeof(uint32_t);
}

}  // namespace millrace
