#pragma once

/// TimedStates in the commit: one chain of blocks per shard, with deletes, because entries go one
/// by one and not by slices of time (hotpath §4). An entry's key is written once per chain; a new
/// base numbers the entries anew. Threads: the one that applies.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "state/chain.h"
#include "state/commit_log.h"
#include "window/timed_states.h"

namespace millrace {

class EntryBlocks {
 public:
  /// `layout`: what the values look like; state of another layout is refused.
  EntryBlocks(std::string op, std::string_view layout);

  /// Writes what changed. `encode(entry, value)` appends an entry's bytes.
  template <class Entry, class Encode>
  void save(TimedStates<Entry>& states, uint64_t epoch, Commit& commit, Encode encode) {
    for (unsigned number = 0; number < kGroupShards; ++number) {
      const auto shard_number = static_cast<uint8_t>(number);
      auto& shard = states.shard(shard_number);
      if (shard.dirty.empty() && shard.erased.empty()) continue;
      Changes changes{shard_number, {}, shard.erased};
      const BlockSeries series = next(shard_number, shard.dirty.size(), shard.erased.size(), epoch);
      const auto put = [&](Entry& entry) {
        Put one{entry.ordinal, entry.key, {}, series.base() || entry.ordinal == kNoOrdinal};
        if (one.with_key) one.ordinal = entry.ordinal = shard.next_ordinal++;
        encode(entry, one.value);
        changes.puts.push_back(std::move(one));
      };
      if (series.base()) {
        shard.next_ordinal = 0;
        states.each(shard_number, put);
      } else {
        for (Entry* entry : shard.dirty) put(*entry);
      }
      write(series, changes, commit);
      states.written(shard_number);
    }
  }

  struct Stored {
    std::string_view key, value;
    uint32_t ordinal;
  };
  /// Visits every entry that lives, in no order. False from `visit`: the value is damaged.
  /// `shards[n].next_ordinal` is set, and every entry that visit() returned is known as stored.
  template <class Entry, class Visit>
  Result<void> restore(TimedStates<Entry>& states, CommitLog& log, Visit visit) {
    auto next_ordinals = read(log, [&](const Stored& stored) {
      Entry* entry = visit(stored);
      if (entry) entry->ordinal = stored.ordinal;
      return entry != nullptr;
    });
    if (!next_ordinals) return next_ordinals.error();
    for (const auto& [number, next] : *next_ordinals) states.shard(number).next_ordinal = next;
    for (unsigned number = 0; number < kGroupShards; ++number)
      states.written(static_cast<uint8_t>(number));
    return {};
  }

 private:
  struct Put {
    uint32_t ordinal;
    std::string_view key;
    std::string value;
    bool with_key;
  };
  struct Changes {
    uint8_t shard;
    std::vector<Put> puts;
    const std::vector<uint32_t>& erased;
  };
  using NextOrdinals = std::map<uint8_t, uint32_t>;
  Chain& chain(uint8_t shard);
  BlockSeries next(uint8_t shard, size_t puts, size_t erased, uint64_t epoch);
  void write(const BlockSeries& series, const Changes& changes, Commit& commit);
  Result<NextOrdinals> read(CommitLog& log, const std::function<bool(const Stored&)>& visit);

  std::string op_;
  uint64_t schema_hash_;
  std::map<uint8_t, Chain> chains_;
  size_t entry_bytes_ = 64;  ///< Of the latest entries, about: what a delta will take.
};

}  // namespace millrace
