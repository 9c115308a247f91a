#include "window/entry_slots.h"

#include <algorithm>
#include <cstring>

#include "window/timed_states.h"

namespace millrace {
namespace {

constexpr size_t kFirstSlots = 4, kSlotsMax = 4096;
constexpr size_t kFirstPlaces = 8;

}  // namespace

std::byte* EntrySlots::take() {
  if (free_) {
    void* slot = free_;
    std::memcpy(&free_, slot, sizeof free_);
    return static_cast<std::byte*>(slot);
  }
  if (used_ == slots_) {
    slots_ = slots_ == 0 ? kFirstSlots : std::min(slots_ * 2, kSlotsMax);
    slabs_.emplace_back(new std::byte[slots_ * slot_bytes_]);
    bytes_ += slots_ * slot_bytes_;
    used_ = 0;
  }
  return slabs_.back().get() + used_++ * slot_bytes_;
}

void EntrySlots::give_back(void* slot) {
  std::memcpy(slot, &free_, sizeof free_);
  free_ = slot;
}

TimedEntry* EntryTable::find(uint64_t hash, std::string_view key) const {
  if (places_.empty()) return nullptr;
  // The low bits: the top six have chosen the shard.
  for (size_t at = hash & mask(); places_[at].newest; at = (at + 1) & mask()) {
    const Place& place = places_[at];
    if (place.hash == hash && place.newest->key == key) return place.newest;
  }
  return nullptr;
}

size_t EntryTable::place_of(const TimedEntry& newest) const {
  size_t at = newest.hash & mask();
  while (places_[at].newest != &newest) at = (at + 1) & mask();
  return at;
}

void EntryTable::insert(TimedEntry& entry, TimedEntry* newer) {
  if (newer) {
    entry.newer = newer;
    entry.older = newer->older;
    if (entry.older) entry.older->newer = &entry;
    newer->older = &entry;
    return;
  }
  if (TimedEntry* newest = find(entry.hash, entry.key)) {
    places_[place_of(*newest)].newest = &entry;
    entry.older = newest;
    newest->newer = &entry;
    return;
  }
  if ((groups_ + 1) * 4 > places_.size() * 3) grow();
  ++groups_;
  size_t at = entry.hash & mask();
  while (places_[at].newest) at = (at + 1) & mask();
  places_[at] = {entry.hash, &entry};
}

void EntryTable::unlink(TimedEntry& entry) {
  if (entry.older) entry.older->newer = entry.newer;
  if (entry.newer) {
    entry.newer->older = entry.older;
  } else if (entry.older) {
    places_[place_of(entry)].newest = entry.older;
  } else {
    erase(place_of(entry));
  }
  entry.older = entry.newer = nullptr;
}

/// Those behind the gap move up, if the gap is on their way from where their hash wants them.
void EntryTable::erase(size_t gap) {
  --groups_;
  for (size_t at = (gap + 1) & mask(); places_[at].newest; at = (at + 1) & mask()) {
    const size_t home = places_[at].hash & mask();
    if (((at - home) & mask()) < ((at - gap) & mask())) continue;
    places_[gap] = places_[at];
    gap = at;
  }
  places_[gap] = {};
}

void EntryTable::grow() {
  std::vector<Place> old(std::max(kFirstPlaces, places_.size() * 2));
  old.swap(places_);
  for (const Place& place : old) {
    if (!place.newest) continue;
    size_t at = place.hash & mask();
    while (places_[at].newest) at = (at + 1) & mask();
    places_[at] = place;
  }
}

}  // namespace millrace
