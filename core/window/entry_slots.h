#pragma once

/// Memory of TimedStates: slots of one size that are used again, and the table from a group's key
/// to its newest entry. Threads: one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace {

struct TimedEntry;

/// Slots of one size, 16-byte aligned, in slabs that grow; what is given back is taken again first.
class EntrySlots {
 public:
  explicit EntrySlots(size_t slot_bytes) : slot_bytes_((slot_bytes + 15) / 16 * 16) {}
  std::byte* take();
  void give_back(void* slot);
  size_t bytes() const { return bytes_; }

 private:
  size_t slot_bytes_;
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  void* free_ = nullptr;  ///< Each free slot begins with the next one's address.
  size_t used_ = 0, slots_ = 0, bytes_ = 0;
};

/// Groups of one shard: open addressing, linear probing, and deletion that leaves no marks behind,
/// so that a table through which keys pass for years stays as quick as a new one.
class EntryTable {
 public:
  /// The newest entry of the group; null: it has none.
  TimedEntry* find(uint64_t hash, std::string_view key) const;
  /// Links `entry` into its group, right before `newer` in time; null: as the newest.
  void insert(TimedEntry& entry, TimedEntry* newer);
  /// Takes the entry out of its group, and the group out of the table if it was the last one.
  void unlink(TimedEntry& entry);
  template <class Visit>
  void each(Visit visit) const {
    for (const Place& place : places_) {
      if (place.newest) visit(place.newest);
    }
  }
  size_t bytes() const { return places_.capacity() * sizeof(Place); }

 private:
  struct Place {
    uint64_t hash = 0;
    TimedEntry* newest = nullptr;  ///< Null: free.
  };
  size_t mask() const { return places_.size() - 1; }
  size_t place_of(const TimedEntry& newest) const;
  void grow();
  void erase(size_t at);

  std::vector<Place> places_;  ///< A power of two, at most 3/4 full; empty at first.
  size_t groups_ = 0;
};

}  // namespace millrace
