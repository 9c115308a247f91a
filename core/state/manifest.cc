#include "state/manifest.h"

#include <fmt/format.h>

#include <limits>
#include <sstream>

#include "base/hash.h"
#include "state/block_reader.h"

namespace millrace {

void ManifestSum::add(const ManifestSum& other) {
  blocks += other.blocks;
  entries += other.entries;
  checksum += other.checksum;
}

void ManifestSum::remove(const ManifestSum& other) {
  blocks -= other.blocks;
  entries -= other.entries;
  checksum -= other.checksum;
}

std::string ManifestSum::to_text() const {
  return fmt::format("{} {} {}", blocks, entries, checksum);
}

ManifestSum parse_manifest_sum(const std::string& text) {
  ManifestSum sum;
  std::istringstream(text) >> sum.blocks >> sum.entries >> sum.checksum;
  return sum;
}

Result<ManifestSum> sum_of_block(std::string_view bytes) {
  auto header = read_block_header(bytes);
  if (!header) return header.error();
  return ManifestSum{1, header->entries, hash_bytes(bytes)};
}

void append_sums(std::string& out, const SumsByOperator& sums) {
  append_varint(out, sums.size());
  for (const auto& [op, sum] : sums) {
    append_sized(out, op);
    append_varint(out, sum.blocks);
    append_varint(out, sum.entries);
    append_u64(out, sum.checksum);
  }
}

SumsByOperator read_sums(ByteReader& in) {
  SumsByOperator sums;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    ManifestSum& sum = sums[std::string(in.sized())];
    sum.blocks = in.varint();
    sum.entries = in.varint();
    sum.checksum = in.u64();
  }
  return sums;
}

Result<void> Manifest::put(const BlockId& id, std::string_view bytes) {
  auto header = claimed_block_header(bytes);
  if (!header) return header.error();
  erase(id);
  const ManifestSum sum{1, header->entries, hash_bytes(bytes)};
  blocks_[id] = {sum, header->base};
  sums_[id.op].add(sum);
  return {};
}

Result<void> Manifest::apply(const Commit& commit) {
  for (const std::string& op : commit.erase_operators) {
    for (const BlockId& id : of_operator(op)) erase(id);
  }
  for (const auto& [op, slice] : commit.erase_slices) {
    for (const BlockId& id : of_slice(op, slice)) erase(id);
  }
  for (const BlockId& id : commit.erase) erase(id);
  for (const StateBlock& block : commit.put) MILLRACE_TRY(put(block.id, block.bytes));
  return {};
}

void Manifest::erase(const BlockId& id) {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return;
  ManifestSum& sum = sums_[id.op];
  sum.remove(found->second.sum);
  if (sum.blocks == 0) sums_.erase(id.op);
  blocks_.erase(found);
}

bool Manifest::find(const BlockId& id, bool& base) const {
  const auto found = blocks_.find(id);
  if (found == blocks_.end()) return false;
  base = found->second.base;
  return true;
}

std::vector<BlockId> Manifest::of_slice(const std::string& op, int64_t slice) const {
  std::vector<BlockId> ids;
  for (auto at = blocks_.lower_bound({op, slice, 0, 0}); at != blocks_.end(); ++at) {
    if (at->first.op != op || at->first.slice != slice) break;
    ids.push_back(at->first);
  }
  return ids;
}

std::vector<BlockId> Manifest::of_operator(const std::string& op) const {
  std::vector<BlockId> ids;
  for (auto at = blocks_.lower_bound({op, std::numeric_limits<int64_t>::min(), 0, 0});
       at != blocks_.end(); ++at) {
    if (at->first.op != op) break;
    ids.push_back(at->first);
  }
  return ids;
}

void Manifest::clear() {
  blocks_.clear();
  sums_.clear();
}

Result<Manifest> manifest_of(CommitLog& log) {
  auto stored = log.operators();
  if (!stored) return stored.error();
  Manifest manifest;
  for (const StoredOperator& one : *stored) {
    MILLRACE_TRY(log.read_blocks(one.op, [&](const BlockId& id, std::string_view bytes) {
      return manifest.put(id, bytes);
    }));
  }
  return manifest;
}

}  // namespace millrace
