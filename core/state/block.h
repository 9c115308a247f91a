#pragma once

/// A block is how state leaves memory: up to 64 KiB of entries of one (operator, slice, shard),
/// written as a whole and never changed. LMDB, the Kafka changelog and Redis hold the same bytes.
/// README.md is the page of the format; block_writer writes it, block_reader reads it.
///
/// The type is called StateBlock because core/record has a Block of its own (of memory).
/// Threads: plain values.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// A block takes at most this, unless a single entry is larger: 64 KiB less the 16 bytes that
/// LMDB puts before a large value, so that a full block fills sixteen pages and not seventeen.
inline constexpr std::size_t kBlockBytesMax = 64 * 1024 - 16;
/// LMDB's keys end at 511 bytes; names of operators are far shorter.
inline constexpr std::size_t kOperatorBytesMax = 255;
inline constexpr unsigned kShards = 64;

/// Shards are the top six bits of the key's hash (E33c), whatever the number of lanes.
inline uint8_t shard_of(uint64_t key_hash) { return static_cast<uint8_t>(key_hash >> 58); }

/// Names a block. Ordered as stored: an operator's blocks together, in them a slice's, in them a
/// shard's, in them by number.
struct BlockId {
  std::string op;
  int64_t slice = 0;
  uint8_t shard = 0;
  uint32_t number = 0;
  auto operator<=>(const BlockId&) const = default;
};
/// `per_minute slice 120 shard 7 block 3`, for sentences.
std::string to_text(const BlockId& id);

struct StateBlock {
  BlockId id;
  std::string bytes;
};

/// The blocks that one commit adds to one chain; Chain::next makes it, BlockWriter takes it.
struct BlockSeries {
  std::string op;
  int64_t slice = 0;
  uint8_t shard = 0;
  uint64_t schema_hash = 0;  ///< Of the layout of keys and values; the reader must expect the same.
  uint64_t commit = 0;
  uint32_t base_number = 0;      ///< First block of the base that these build on, or are.
  uint32_t previous_number = 0;  ///< The chain's last block before these; own number: none.
  uint32_t first_number = 0;

  /// A base holds every live entry with its key; a delta what changed since the block before it.
  bool base() const { return first_number == base_number; }
};

/// What a block says about itself.
struct BlockHeader {
  BlockId id;
  uint64_t schema_hash = 0;
  uint64_t commit = 0;
  uint32_t base_number = 0;
  uint32_t previous_number = 0;  ///< Equal to id.number: the chain starts here.
  uint32_t entries = 0;
  bool base = false;
  bool last = false;  ///< The last block that its commit wrote to this chain.
};

enum class EntryKind : uint8_t {
  kPut = 1,     ///< The value of this ordinal is now this.
  kAppend = 2,  ///< These bytes follow what the value was (nothing, if it had none).
  kErase = 3,   ///< The key is gone. Its ordinal is not used again in this chain.
};

/// One entry as read. The views point into the block.
struct BlockEntry {
  EntryKind kind = EntryKind::kPut;
  uint32_t ordinal = 0;  ///< The key's number in its (operator, slice, shard).
  bool has_key = false;  ///< The first time that this ordinal occurs in the chain.
  std::string_view key;
  std::string_view value;
};

}  // namespace millrace
