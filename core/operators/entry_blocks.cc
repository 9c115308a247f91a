#include "operators/entry_blocks.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {
namespace {

constexpr size_t kEraseBytes = 4;

struct Alive {
  std::string key, value;
};
using AliveEntries = std::unordered_map<uint32_t, Alive>;

/// False: the entry does not fit those before it.
bool take_entry(AliveEntries& alive, const BlockEntry& entry) {
  const auto found = alive.find(entry.ordinal);
  if (entry.kind == EntryKind::kErase) {
    if (found == alive.end()) return false;
    alive.erase(found);
    return true;
  }
  if (entry.kind != EntryKind::kPut || entry.has_key != (found == alive.end())) return false;
  if (entry.has_key) {
    alive.emplace(entry.ordinal, Alive{std::string(entry.key), std::string(entry.value)});
  } else {
    found->second.value.assign(entry.value);
  }
  return true;
}

}  // namespace

EntryBlocks::EntryBlocks(std::string op, std::string_view layout)
    : op_(std::move(op)), schema_hash_(hash_bytes(layout)) {}

Chain& EntryBlocks::chain(uint8_t shard) {
  return chains_.try_emplace(shard, op_, 0, shard).first->second;
}

BlockSeries EntryBlocks::next(uint8_t shard, size_t puts, size_t erased, uint64_t epoch) {
  return chain(shard).next(epoch, schema_hash_, puts * entry_bytes_ + erased * kEraseBytes);
}

void EntryBlocks::write(const BlockSeries& series, const Changes& changes, Commit& commit) {
  BlockWriter writer(series);
  size_t bytes = 0;
  for (const Put& put : changes.puts) {
    bytes += put.value.size() + 8;
    writer.put(put.ordinal, put.with_key ? std::optional(put.key) : std::nullopt, put.value);
  }
  if (!series.base()) {
    for (uint32_t ordinal : changes.erased) writer.erase(ordinal);
  }
  if (!changes.puts.empty()) entry_bytes_ = bytes / changes.puts.size();
  std::vector<StateBlock> blocks = writer.finish();
  for (BlockId& id : chain(changes.shard).wrote(series, blocks))
    commit.erase.push_back(std::move(id));
  for (StateBlock& block : blocks) commit.put.push_back(std::move(block));
}

Result<EntryBlocks::NextOrdinals> EntryBlocks::read(
    CommitLog& log, const std::function<bool(const Stored&)>& visit) {
  NextOrdinals next_ordinals;
  std::map<uint8_t, AliveEntries> shards;
  MILLRACE_TRY(log.read_blocks(op_, [&](const BlockId& id, std::string_view bytes) -> Result<void> {
    auto reader = BlockReader::open(bytes, schema_hash_);
    if (!reader) return reader.error();
    MILLRACE_TRY(chain(id.shard).restore(reader->header(), bytes.size()));
    uint32_t& next_ordinal = next_ordinals[id.shard];
    AliveEntries& alive = shards[id.shard];
    BlockEntry entry;
    while (reader->next(entry)) {
      if (!take_entry(alive, entry)) return Error{Code::kCorrupt, to_text(id) + " does not add up"};
      next_ordinal = std::max(next_ordinal, entry.ordinal + 1);
    }
    return {};
  }));
  for (const auto& [shard, stored] : chains_) MILLRACE_TRY(stored.restored());
  for (const auto& [shard, alive] : shards) {
    for (const auto& [ordinal, entry] : alive) {
      if (visit({entry.key, entry.value, ordinal})) continue;
      return Error{Code::kCorrupt,
                   "a stored entry of " + op_ + " does not add up; start anew with --fresh"};
    }
  }
  return next_ordinals;
}

}  // namespace millrace
