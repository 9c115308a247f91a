#include "operators/group_blocks.h"

#include <algorithm>

#include "base/hash.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {

static_assert(kShards == kGroupShards, "state and windows must cut the same shards");

GroupBlocks::GroupBlocks(std::string op, std::string_view layout_text)
    : op_(std::move(op)), schema_hash_(hash_bytes(layout_text)) {}

Chain& GroupBlocks::chain(int64_t slice, uint8_t shard) {
  return chains_.try_emplace({slice, shard}, op_, slice, shard).first->second;
}

void GroupBlocks::drop_slice(EventTime start) {
  const auto begin = chains_.lower_bound({start, 0});
  auto end = begin;
  while (end != chains_.end() && end->first.first == start) ++end;
  if (begin == end) return;  // Opened and closed within one epoch: nothing is stored.
  chains_.erase(begin, end);
  dropped_.push_back(start);
}

void GroupBlocks::save(WindowGroups& groups, uint64_t epoch, Commit& commit) {
  for (int64_t slice : dropped_) commit.erase_slices.emplace_back(op_, slice);
  dropped_.clear();
  for (auto& [start, slice] : groups.slices()) {
    for (unsigned shard = 0; shard < kShards; ++shard) {
      const GroupMap* map = slice.find_shard(static_cast<uint8_t>(shard));
      if (map && !map->dirty().empty()) {
        save_shard(slice, static_cast<uint8_t>(shard), groups.layout(), epoch, commit);
      }
    }
  }
}

void GroupBlocks::save_shard(GroupSlice& slice, uint8_t shard, const AggregateLayout& layout,
                             uint64_t epoch, Commit& commit) {
  GroupMap& map = slice.shard(shard);
  Chain& stored = chain(slice.span().start, shard);
  const BlockSeries series =
      stored.next(epoch, schema_hash_, map.dirty().size() * (layout.slot_bytes() + 8));
  BlockWriter writer(series);
  const auto put = [&](uint32_t ordinal) {
    GroupMap::Group& group = map[ordinal];
    value_.clear();
    layout.encode(group.state, value_);
    const bool with_key = series.base() || !group.key_stored;
    writer.put(ordinal, with_key ? std::optional(group.key) : std::nullopt, value_);
    group.key_stored = true;
  };
  if (series.base()) {
    for (uint32_t ordinal = 0; ordinal < map.size(); ++ordinal) put(ordinal);
  } else {
    // In order of ordinals, so that new keys can be added one by one when they are read.
    std::vector<uint32_t> dirty = map.dirty();
    std::sort(dirty.begin(), dirty.end());
    for (uint32_t ordinal : dirty) put(ordinal);
  }
  map.clear_dirty();
  std::vector<StateBlock> blocks = writer.finish();
  for (BlockId& id : stored.wrote(series, blocks)) commit.erase.push_back(std::move(id));
  for (StateBlock& block : blocks) commit.put.push_back(std::move(block));
}

Result<void> GroupBlocks::restore(WindowGroups& groups, CommitLog& log) {
  MILLRACE_TRY(log.read_blocks(op_, [&](const BlockId& id, std::string_view bytes) {
    return restore_block(groups, id, bytes);
  }));
  for (const auto& [key, stored] : chains_) MILLRACE_TRY(stored.restored());
  return {};
}

Result<void> GroupBlocks::restore_block(WindowGroups& groups, const BlockId& id,
                                        std::string_view bytes) {
  auto reader = BlockReader::open(bytes, schema_hash_);
  if (!reader) return reader.error();
  MILLRACE_TRY(chain(id.slice, id.shard).restore(reader->header(), bytes.size()));
  const AggregateLayout& layout = groups.layout();
  GroupMap& map = groups.slice_starting(id.slice).shard(id.shard);
  const auto damaged = [&] { return Error{Code::kCorrupt, to_text(id) + " does not add up"}; };
  BlockEntry entry;
  while (reader->next(entry)) {
    if (entry.kind != EntryKind::kPut) return damaged();
    if (entry.has_key && entry.ordinal == map.size()) {
      GroupMap::Group& made = map.add(hash_bytes(entry.key), entry.key);
      layout.init(made.state);
      made.key_stored = true;
    }
    if (entry.ordinal >= map.size()) return damaged();
    if (!layout.decode(map[entry.ordinal].state, entry.value)) return damaged();
  }
  return {};
}

}  // namespace millrace
