#include "operators/keyed_blocks.h"

#include "base/hash.h"
#include "state/block_reader.h"

namespace millrace {

KeyedBlocks::KeyedBlocks(std::string op, std::string_view layout)
    : op_(std::move(op)), schema_hash_(hash_bytes(layout)) {}

Chain& KeyedBlocks::chain(uint8_t shard) {
  return chains_.try_emplace(shard, op_, 0, shard).first->second;
}

BlockSeries KeyedBlocks::start(uint8_t shard, uint64_t epoch, size_t changes) {
  return chain(shard).next(epoch, schema_hash_, changes * row_bytes_);
}

void KeyedBlocks::finish(uint8_t shard, const BlockSeries& series, BlockWriter& writer,
                         Commit& commit) {
  std::vector<StateBlock> blocks = writer.finish();
  for (BlockId& id : chain(shard).wrote(series, blocks)) commit.erase.push_back(std::move(id));
  for (StateBlock& block : blocks) commit.put.push_back(std::move(block));
}

/// Ordinals of new keys come one by one, whatever was erased between.
Result<void> KeyedBlocks::read_block(const BlockId& id, std::string_view bytes, KeptRows& rows) {
  auto reader = BlockReader::open(bytes, schema_hash_);
  if (!reader) return reader.error();
  MILLRACE_TRY(chain(id.shard).restore(reader->header(), bytes.size()));
  BlockEntry entry;
  while (reader->next(entry)) {
    const bool fresh = entry.has_key && entry.ordinal == rows.size();
    if (fresh) rows.emplace_back(Kept{std::string(entry.key), {}});
    const bool known = entry.ordinal < rows.size() && rows[entry.ordinal] && entry.has_key == fresh;
    if (!known || entry.kind == EntryKind::kAppend) {
      return Error{Code::kCorrupt, to_text(id) + " does not add up"};
    }
    if (entry.kind == EntryKind::kErase) {
      rows[entry.ordinal].reset();
    } else {
      rows[entry.ordinal]->value.assign(entry.value);
    }
  }
  return {};
}

Result<void> KeyedBlocks::read(CommitLog& log, const Visit& visit) {
  std::map<uint8_t, KeptRows> shards;
  MILLRACE_TRY(log.read_blocks(op_, [&](const BlockId& id, std::string_view bytes) {
    return read_block(id, bytes, shards[id.shard]);
  }));
  for (const auto& [shard, stored] : chains_) MILLRACE_TRY(stored.restored());
  for (const auto& [shard, rows] : shards) {
    ordinals_[shard] = rows.size();
    for (uint32_t ordinal = 0; ordinal < rows.size(); ++ordinal) {
      const auto& row = rows[ordinal];
      if (!row || visit({ordinal, row->key, row->value})) continue;
      return Error{Code::kCorrupt,
                   "a stored row of " + op_ + " does not add up; start anew with --fresh"};
    }
  }
  return {};
}

}  // namespace millrace
