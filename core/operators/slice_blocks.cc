#include "operators/slice_blocks.h"

#include "base/hash.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {

SliceBlocks::SliceBlocks(std::string op, std::string_view layout)
    : op_(std::move(op)), schema_hash_(hash_bytes(layout)) {}

Chain& SliceBlocks::chain(Place place) {
  return chains_.try_emplace(place, op_, place.first, place.second).first->second;
}

/// Block by block: another shard may have a slice that begins at the same time.
void SliceBlocks::drop(int64_t slice, uint8_t shard, Commit& commit) {
  const auto found = chains_.find({slice, shard});
  if (found == chains_.end()) return;  // Came and went within one epoch: nothing is stored.
  for (BlockId& id : found->second.blocks()) commit.erase.push_back(std::move(id));
  chains_.erase(found);
}

void SliceBlocks::save_slice(Place place, size_t rows, const std::vector<uint32_t>& dirty,
                             uint64_t epoch, Commit& commit, const EncodeOrdinal& encode) {
  Chain& stored = chain(place);
  const BlockSeries series = stored.next(epoch, schema_hash_, dirty.size() * row_bytes_);
  BlockWriter writer(series);
  std::string value;
  size_t bytes = 0;
  const auto put = [&](uint32_t ordinal) {
    value.clear();
    encode(ordinal, value);
    bytes += value.size();
    writer.put(ordinal, "", value);
  };
  const size_t count = series.base() ? rows : dirty.size();
  for (size_t i = 0; i < count; ++i) put(series.base() ? static_cast<uint32_t>(i) : dirty[i]);
  row_bytes_ = bytes / count + 8;
  std::vector<StateBlock> blocks = writer.finish();
  for (BlockId& id : stored.wrote(series, blocks)) commit.erase.push_back(std::move(id));
  for (StateBlock& block : blocks) commit.put.push_back(std::move(block));
}

Result<void> SliceBlocks::restore(CommitLog& log, const std::function<bool(const Stored&)>& visit) {
  std::map<Place, std::vector<std::string>> values;
  MILLRACE_TRY(log.read_blocks(op_, [&](const BlockId& id, std::string_view bytes) -> Result<void> {
    auto reader = BlockReader::open(bytes, schema_hash_);
    if (!reader) return reader.error();
    MILLRACE_TRY(chain({id.slice, id.shard}).restore(reader->header(), bytes.size()));
    auto& rows = values[{id.slice, id.shard}];
    BlockEntry entry;
    while (reader->next(entry)) {
      const bool next = entry.ordinal == rows.size();
      if (entry.kind != EntryKind::kPut || entry.ordinal > rows.size()) {
        return Error{Code::kCorrupt, to_text(id) + " does not add up"};
      }
      next ? rows.emplace_back(entry.value) : rows[entry.ordinal].assign(entry.value);
    }
    return {};
  }));
  for (const auto& [place, stored] : chains_) MILLRACE_TRY(stored.restored());
  for (const auto& [place, rows] : values) {
    for (const std::string& value : rows) {
      if (visit({place.first, place.second, value})) continue;
      return Error{Code::kCorrupt,
                   "a stored row of " + op_ + " does not add up; start anew with --fresh"};
    }
  }
  return {};
}

}  // namespace millrace
