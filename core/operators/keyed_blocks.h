#pragma once

/// KeyedRows in the commit: a chain of blocks per shard. New keys are written once per chain,
/// changed rows again, erased ones as erasures; a base leaves the holes out. Threads: the one that
/// applies.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "state/block_writer.h"
#include "state/chain.h"
#include "state/commit_log.h"
#include "window/keyed_rows.h"

namespace millrace {

class KeyedBlocks {
 public:
  /// `layout`: what the values look like; state of another layout is refused.
  KeyedBlocks(std::string op, std::string_view layout);

  /// Adds what changed. `encode(row, value)` appends a row's bytes.
  template <class Row, class Encode>
  void save(KeyedRows<Row>& rows, uint64_t epoch, Commit& commit, Encode encode) {
    for (size_t number = 0; number < rows.shards().size(); ++number) {
      auto& shard = rows.shards()[number];
      if (shard.changed())
        save_shard<Row>(shard, static_cast<uint8_t>(number), epoch, commit, encode);
    }
  }

  struct Stored {
    uint32_t ordinal;
    std::string_view key, value;
  };
  using Visit = std::function<bool(const Stored&)>;
  /// Visits every row that is left; `visit` restores it in `rows`. False: the value is damaged.
  template <class Row>
  Result<void> restore(KeyedRows<Row>& rows, CommitLog& log, const Visit& visit) {
    MILLRACE_TRY(read(log, visit));
    // Erased ordinals at the end of a chain are not used again either.
    for (const auto& [shard, count] : ordinals_) rows.shards()[shard].stored.resize(count);
    return {};
  }

 private:
  struct Kept {
    std::string key, value;
  };
  using KeptRows = std::vector<std::optional<Kept>>;  ///< By ordinal.

  template <class Row, class Encode>
  void save_shard(typename KeyedRows<Row>::Shard& shard, uint8_t number, uint64_t epoch,
                  Commit& commit, Encode& encode) {
    BlockSeries series = start(number, epoch, shard.dirty.size() + shard.erased.size());
    BlockWriter writer(series);
    std::string value;
    const auto put = [&](Row& row, bool with_key) {
      value.clear();
      encode(row, value);
      note_row(value.size() + (with_key ? row.key->size() : 0));
      writer.put(row.ordinal, with_key ? std::optional<std::string_view>(*row.key) : std::nullopt,
                 value);
      row.dirty_at = KeyedRow::kNotStored;
    };
    if (series.base()) {
      std::vector<Row*> live = live_rows<Row>(shard);
      for (uint32_t i = 0; i < live.size(); ++i) {
        live[i]->ordinal = i;
        put(*live[i], true);
      }
      shard.stored = std::move(live);
    } else {
      for (uint32_t ordinal : shard.erased) writer.erase(ordinal);
      for (Row* row : shard.dirty) {
        if (!row) continue;
        const bool fresh = row->ordinal == KeyedRow::kNotStored;
        if (fresh) {
          row->ordinal = static_cast<uint32_t>(shard.stored.size());
          shard.stored.push_back(row);
        }
        put(*row, fresh);
      }
    }
    shard.dirty.clear();
    shard.erased.clear();
    finish(number, series, writer, commit);
  }

  template <class Row>
  static std::vector<Row*> live_rows(const typename KeyedRows<Row>::Shard& shard) {
    std::vector<Row*> live;
    live.reserve(shard.live);
    for (Row* row : shard.stored) {
      if (row) live.push_back(row);
    }
    for (Row* row : shard.dirty) {
      if (row && row->ordinal == KeyedRow::kNotStored) live.push_back(row);
    }
    return live;
  }

  BlockSeries start(uint8_t shard, uint64_t epoch, size_t changes);
  void note_row(size_t bytes) { row_bytes_ = (row_bytes_ * 7 + bytes + 8) / 8; }
  void finish(uint8_t shard, const BlockSeries& series, BlockWriter& writer, Commit& commit);
  Chain& chain(uint8_t shard);
  Result<void> read(CommitLog& log, const Visit& visit);
  Result<void> read_block(const BlockId& id, std::string_view bytes, KeptRows& rows);

  std::string op_;
  uint64_t schema_hash_;
  std::map<uint8_t, Chain> chains_;
  std::map<uint8_t, size_t> ordinals_;  ///< As read.
  size_t row_bytes_ = 32;               ///< Of the latest rows, about: what a delta will take.
};

}  // namespace millrace
