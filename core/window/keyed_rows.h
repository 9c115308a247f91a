#pragma once

/// Rows by key that come and go: what a table holds. A row that is erased frees its memory and,
/// with the next commit, its place in the stored state, so the state is as large as the table and
/// not as its history. Rows derive from KeyedRow. Keys lie in shards by their hash, as in state
/// blocks. Pure. Threads: one.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "window/key_map.h"
#include "window/window_groups.h"

namespace millrace {

struct KeyedRow {
  static constexpr uint32_t kNotStored = UINT32_MAX;
  const std::string* key = nullptr;  ///< The map's own copy.
  uint32_t ordinal = kNotStored;     ///< Its number in the stored chain of its shard.
  uint8_t shard = 0;
  uint32_t dirty_at = kNotStored;  ///< Place in its shard's `dirty`, if it is listed there.
  bool dirty() const { return dirty_at != kNotStored; }
};

template <class Row>
class KeyedRows {
 public:
  struct Shard {
    std::vector<Row*> stored;      ///< By ordinal; null: erased since.
    std::vector<Row*> dirty;       ///< Null: erased since it was listed.
    std::vector<uint32_t> erased;  ///< Ordinals that the stored chain still has.
    size_t live = 0;
    bool changed() const { return !dirty.empty() || !erased.empty(); }
  };

  /// Null: there is none. References hold until the row is erased.
  Row* find(std::string_view key) {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const Row* find(std::string_view key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  /// `made`: the row is new, and is written with the next commit.
  Row& find_or_add(std::string_view key, bool& made) {
    Row& row = add(key, made);
    if (made) touch(row);
    return row;
  }
  /// The row changed and must be written again.
  void touch(Row& row) {
    if (row.dirty()) return;
    std::vector<Row*>& dirty = shards_[row.shard].dirty;
    row.dirty_at = static_cast<uint32_t>(dirty.size());
    dirty.push_back(&row);
  }
  void erase(Row& row) {
    Shard& shard = shards_[row.shard];
    if (row.dirty()) shard.dirty[row.dirty_at] = nullptr;
    if (row.ordinal != KeyedRow::kNotStored) {
      shard.stored[row.ordinal] = nullptr;
      shard.erased.push_back(row.ordinal);
    }
    --shard.live;
    key_bytes_ -= row.key->size();
    rows_.erase(rows_.find(*row.key));
  }
  /// A row of the last commit, as number `ordinal` of its shard's chain.
  Row& restore(std::string_view key, uint32_t ordinal) {
    bool made = false;
    Row& row = add(key, made);
    row.ordinal = ordinal;
    std::vector<Row*>& stored = shards_[row.shard].stored;
    if (stored.size() <= ordinal) stored.resize(ordinal + 1);
    stored[ordinal] = &row;
    return row;
  }

  std::array<Shard, kGroupShards>& shards() { return shards_; }
  /// In no order.
  KeyMap<Row>& all() { return rows_; }
  size_t size() const { return rows_.size(); }
  size_t bytes() const { return key_bytes_ + rows_.size() * (sizeof(Row) + kIndexBytes); }

 private:
  static constexpr size_t kIndexBytes = 88;  ///< The map's node and the places in a shard, about.
  Row& add(std::string_view key, bool& made) {
    const auto [place, fresh] = find_or_make(rows_, key);
    made = fresh;
    Row& row = place->second;
    if (!fresh) return row;
    row.key = &place->first;
    row.shard = group_shard(hash_bytes(key));
    ++shards_[row.shard].live;
    key_bytes_ += key.size();
    return row;
  }

  KeyMap<Row> rows_;
  std::array<Shard, kGroupShards> shards_;
  size_t key_bytes_ = 0;
};

}  // namespace millrace
