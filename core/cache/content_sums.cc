#include "cache/content_sums.h"

#include "base/hash.h"
#include "state/block_reader.h"

namespace millrace {

void ContentSums::forget(const std::string& op, Entry& entry) {
  if (!entry.live) return;
  entry.live = false;
  const auto found = sums_.find(op);
  found->second.remove({0, 1, entry.whole});
  if (found->second.entries == 0) sums_.erase(found);
}

void ContentSums::drop_chain(const BlockId& id) {
  const auto chain = chains_.find({id.op, id.slice, id.shard});
  if (chain == chains_.end()) return;
  for (Entry& entry : chain->second) forget(id.op, entry);
  chains_.erase(chain);
}

Result<void> ContentSums::put(const BlockId& id, std::string_view bytes) {
  auto header = read_block_header(bytes);
  if (!header) return header.error();
  auto reader = BlockReader::open(bytes, header->schema_hash);
  if (!reader) return reader.error();
  if (header->base && header->id.number == header->base_number) drop_chain(id);
  std::vector<Entry>& entries = chains_[{id.op, id.slice, id.shard}];
  const auto slice = static_cast<uint64_t>(id.slice);
  BlockEntry stored;
  while (reader->next(stored)) {
    if (stored.ordinal >= entries.size()) entries.resize(stored.ordinal + 1);
    Entry& entry = entries[stored.ordinal];
    const uint64_t before = entry.whole;
    forget(id.op, entry);
    if (stored.kind == EntryKind::kErase) continue;
    if (stored.has_key) entry.key = hash_bytes(stored.key, slice);
    // Pieces that are appended count as they were cut: a replay may cut them otherwise, and is
    // then refused. No operator appends.
    const uint64_t seed = stored.kind == EntryKind::kAppend ? before : entry.key;
    entry.whole = hash_bytes(stored.value, seed);
    entry.live = true;
    sums_[id.op].add({0, 1, entry.whole});
  }
  return {};
}

void ContentSums::clear() {
  chains_.clear();
  sums_.clear();
}

}  // namespace millrace
