#pragma once

/// Aggregate states of groups that come and go at places in time, such as sessions: found by group,
/// neighbours in time within a group, due at a time of their own. A group is known only as long as
/// it has an entry, so memory follows what is open, not the keys that ever came.
/// An entry never moves. Its state's slot lies right behind it. Entries derive from TimedEntry.
/// Each shard lists what changed since the last commit; ordinals stand for entries in state blocks.
/// Pure. Threads: one.

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "window/aggregate_layout.h"
#include "window/entry_slots.h"
#include "window/window_groups.h"

namespace millrace {

inline constexpr uint32_t kNoOrdinal = UINT32_MAX;

struct TimedEntry {
  EventTime first = 0, last = 0;
  TimedEntry* older = nullptr;  ///< Of the same group.
  TimedEntry* newer = nullptr;
  uint64_t hash = 0;  ///< Of the key.
  uint32_t ordinal = kNoOrdinal;
  uint32_t dirty_at = kNoOrdinal;  ///< Place in its shard's `dirty`.
  bool waits = false;              ///< In the due heap.
  bool gone = false;               ///< Removed while it waited.
  std::string key;
};

template <class Entry>
class TimedStates {
 public:
  struct Shard {
    std::vector<Entry*> dirty;     ///< Changed since the last commit, each once.
    std::vector<uint32_t> erased;  ///< Ordinals that went since then.
    uint32_t next_ordinal = 0;
  };

  explicit TimedStates(AggregateLayout layout)
      : layout_(std::move(layout)), slots_(kStateOffset + layout_.slot_bytes()) {}
  ~TimedStates() {
    each([&](Entry& entry) { destroy(entry); });
    for (const Due& due : heap_) {
      if (due.entry->gone) due.entry->~Entry();
    }
  }
  TimedStates(const TimedStates&) = delete;

  const AggregateLayout& layout() const { return layout_; }
  static std::byte* state_of(Entry& entry) {
    return reinterpret_cast<std::byte*>(&entry) + kStateOffset;
  }
  static const std::byte* state_of(const Entry& entry) {
    return reinterpret_cast<const std::byte*>(&entry) + kStateOffset;
  }
  static Entry* older(const Entry& entry) { return static_cast<Entry*>(entry.older); }
  static Entry* newer(const Entry& entry) { return static_cast<Entry*>(entry.newer); }

  /// The group's newest entry. Null: it has none.
  Entry* newest(uint64_t hash, std::string_view key) const {
    return static_cast<Entry*>(tables_[group_shard(hash)].find(hash, key));
  }
  /// A new entry right before `newer` in time, or the group's newest if that is null; its state is
  /// initialised. It counts as changed and waits for nothing yet.
  Entry& add(uint64_t hash, std::string_view key, Entry* newer, EventTime first, EventTime last) {
    auto* entry = new (slots_.take()) Entry();
    layout_.init(state_of(*entry));
    entry->first = first;
    entry->last = last;
    entry->hash = hash;
    entry->key.assign(key);
    tables_[group_shard(hash)].insert(*entry, newer);
    ++entries_;
    key_bytes_ += key_bytes(*entry);
    touch(*entry);
    return *entry;
  }
  void remove(Entry& entry) {
    Shard& shard = shards_[group_shard(entry.hash)];
    if (entry.ordinal != kNoOrdinal) shard.erased.push_back(entry.ordinal);
    untouch(shard, entry);
    tables_[group_shard(entry.hash)].unlink(entry);
    --entries_;
    key_bytes_ -= key_bytes(entry);
    layout_.destroy(state_of(entry));
    entry.gone = entry.waits;
    if (!entry.waits) release(entry);
  }

  /// The entry changed and must be written again.
  void touch(Entry& entry) {
    if (entry.dirty_at != kNoOrdinal) return;
    auto& dirty = shards_[group_shard(entry.hash)].dirty;
    entry.dirty_at = static_cast<uint32_t>(dirty.size());
    dirty.push_back(&entry);
  }
  Shard& shard(uint8_t number) { return shards_[number]; }
  /// The commit has all changes of the shard.
  void written(uint8_t number) {
    for (Entry* entry : shards_[number].dirty) entry->dirty_at = kNoOrdinal;
    shards_[number].dirty.clear();
    shards_[number].erased.clear();
  }

  /// Puts the entry into the due heap, where it is not yet.
  void wait(Entry& entry, EventTime until) {
    entry.waits = true;
    heap_.push_back({until, &entry});
    std::push_heap(heap_.begin(), heap_.end());
  }
  /// The earliest time that an entry waits for; kTimeMax and false: none waits. Entries that went
  /// may still count, so something happens at that time or later.
  bool next_wait(EventTime& until) const {
    until = heap_.empty() ? kTimeMax : heap_.front().until;
    return !heap_.empty();
  }
  /// Takes an entry out of the heap whose time is at most `now`, by time. Null: none.
  Entry* take_waiting(EventTime now) {
    while (!heap_.empty() && heap_.front().until <= now) {
      std::pop_heap(heap_.begin(), heap_.end());
      Entry* entry = heap_.back().entry;
      heap_.pop_back();
      entry->waits = false;
      if (!entry->gone) return entry;
      release(*entry);
    }
    return nullptr;
  }

  /// Every entry of the shard, or of all, groups in no order, newest first in a group.
  template <class Visit>
  void each(uint8_t number, Visit visit) const {
    tables_[number].each([&](TimedEntry* newest) {
      for (TimedEntry* at = newest; at;) {
        TimedEntry* next = at->older;
        visit(*static_cast<Entry*>(at));
        at = next;
      }
    });
  }
  template <class Visit>
  void each(Visit visit) const {
    for (unsigned number = 0; number < kGroupShards; ++number)
      each(static_cast<uint8_t>(number), visit);
  }

  size_t entries() const { return entries_; }
  size_t bytes() const {
    size_t total = slots_.bytes() + key_bytes_ + heap_.capacity() * sizeof(Due);
    for (const EntryTable& table : tables_) total += table.bytes();
    return total;
  }

 private:
  struct Due {
    EventTime until;
    Entry* entry;
    bool operator<(const Due& other) const { return until > other.until; }  // The least is on top.
  };
  static constexpr size_t kStateOffset = (sizeof(Entry) + 15) / 16 * 16;

  /// What the key takes beside the entry.
  static size_t key_bytes(const Entry& entry) {
    return entry.key.capacity() > std::string().capacity() ? entry.key.capacity() + 1 : 0;
  }
  void untouch(Shard& shard, Entry& entry) {
    if (entry.dirty_at == kNoOrdinal) return;
    shard.dirty[entry.dirty_at] = shard.dirty.back();
    shard.dirty[entry.dirty_at]->dirty_at = entry.dirty_at;
    shard.dirty.pop_back();
    entry.dirty_at = kNoOrdinal;
  }
  void destroy(Entry& entry) {
    layout_.destroy(state_of(entry));
    entry.~Entry();
  }
  void release(Entry& entry) {
    entry.~Entry();
    slots_.give_back(&entry);
  }

  AggregateLayout layout_;
  EntrySlots slots_;
  std::array<EntryTable, kGroupShards> tables_;
  std::array<Shard, kGroupShards> shards_;
  std::vector<Due> heap_;
  size_t entries_ = 0, key_bytes_ = 0;
};

}  // namespace millrace
