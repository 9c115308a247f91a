#include "state/chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace millrace {

Chain::Chain(std::string op, int64_t slice, uint8_t shard)
    : op_(std::move(op)), slice_(slice), shard_(shard) {}

BlockSeries Chain::next(uint64_t commit, uint64_t schema_hash, uint64_t dirty_bytes) const {
  BlockSeries series;
  series.op = op_;
  series.slice = slice_;
  series.shard = shard_;
  series.schema_hash = schema_hash;
  series.commit = commit;
  // Numbers go on behind the old base, so that no id ever names two different blocks: a cache
  // that missed the erasure would else keep the old one.
  series.first_number = end_;
  const uint64_t pages_bytes = deltas_ >= kDeltasFew ? deltas_ * kPageBytes : 0;
  const bool base_due = empty() || std::max(delta_bytes_ + dirty_bytes, pages_bytes) > base_bytes_;
  series.base_number = base_due ? end_ : first_;
  series.previous_number = base_due ? end_ : end_ - 1;
  return series;
}

std::vector<BlockId> Chain::wrote(const BlockSeries& series,
                                  const std::vector<StateBlock>& blocks) {
  MILLRACE_ASSERT(series.first_number == end_);
  MILLRACE_ASSERT(series.base() || series.base_number == first_);
  uint64_t bytes = 0;
  for (const StateBlock& block : blocks) bytes += block.bytes.size();
  std::vector<BlockId> replaced;
  if (series.base()) {
    replaced = this->blocks();
    first_ = end_;
    base_bytes_ = bytes;
    delta_bytes_ = 0;
    deltas_ = 0;
  } else if (!blocks.empty()) {
    delta_bytes_ += bytes;
    ++deltas_;
  }
  end_ += static_cast<uint32_t>(blocks.size());
  return replaced;
}

Result<void> Chain::restore(const BlockHeader& header, uint64_t block_bytes) {
  const BlockId& id = header.id;
  if (id.op != op_ || id.slice != slice_ || id.shard != shard_) {
    return broken(header, "it belongs to another chain");
  }
  const bool starts = header.previous_number == id.number;
  if (starts && !empty()) return broken(header, "a second base follows the first");
  if (!starts && (empty() || header.base_number != first_ || header.previous_number != end_ - 1)) {
    return broken(header, "a block before it is missing");
  }
  if (!starts && id.number != end_) return broken(header, "its number is not the next one");
  if (header.base && (deltas_ > 0 || (!starts && whole_))) {
    return broken(header, "a base goes on where it had ended");
  }
  if (!header.base && deltas_ == 0 && !whole_) return broken(header, "its base has no end");

  if (starts) first_ = id.number;
  end_ = id.number + 1;
  if (header.base) {
    base_bytes_ += block_bytes;
  } else {
    if (whole_) ++deltas_;  // The block before ended a commit, so this one begins a delta.
    delta_bytes_ += block_bytes;
  }
  whole_ = header.last;
  return {};
}

Result<void> Chain::restored() const {
  if (whole_) return {};
  return Error{Code::kCorrupt,
               fmt::format("stored state of {} slice {} shard {} is incomplete: blocks after {} "
                           "are missing",
                           op_, slice_, shard_, end_ - 1)};
}

std::vector<BlockId> Chain::blocks() const {
  std::vector<BlockId> ids;
  ids.reserve(end_ - first_);
  for (uint32_t number = first_; number != end_; ++number) {
    ids.push_back({op_, slice_, shard_, number});
  }
  return ids;
}

Error Chain::broken(const BlockHeader& header, std::string_view what) const {
  return {Code::kCorrupt, fmt::format("stored state of {} slice {} shard {} does not fit together "
                                      "at block {}: {}",
                                      op_, slice_, shard_, header.id.number, what)};
}

}  // namespace millrace
