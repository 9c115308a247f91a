#include "cache/manifest.h"

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

Result<void> Manifest::put(const BlockId& id, std::string_view bytes) {
  auto header = claimed_block_header(bytes);
  if (!header) return header.error();
  erase(id);
  const ManifestSum sum{1, header->entries, hash_bytes(bytes)};
  blocks_[id] = {sum, header->base};
  sums_[id.op].add(sum);
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

}  // namespace millrace
