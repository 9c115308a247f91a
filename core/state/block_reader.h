#pragma once

/// Reads a block that came from a disk, a topic or a cache, so may be anything. open() proves the
/// whole block before it gives out the first entry: a reader that stopped half way would leave
/// half a state behind.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "state/block.h"

namespace millrace {

/// Ownership: views into the bytes given to open(), which must outlive the reader and its entries.
/// Threads: one.
class BlockReader {
 public:
  /// kCorrupt: not a block, cut short, damaged, or its counts do not add up.
  /// kFailed: written by a newer release. kInvalidConfig: another schema hash, that is, the
  /// configuration changed what the operator keeps; the sentence names --forget.
  static Result<BlockReader> open(std::string_view bytes, uint64_t schema_hash);

  const BlockHeader& header() const { return header_; }
  /// The next entry in the order of writing; false at the end. Cannot fail.
  bool next(BlockEntry& entry);

 private:
  BlockReader(BlockHeader header, std::string_view payload);

  BlockHeader header_;
  ByteReader payload_;
};

/// Only the header, checksum included; whatever the schema.
Result<BlockHeader> read_block_header(std::string_view bytes);

/// What the header claims, of a block that was just written or proven: the rest is not looked at.
Result<BlockHeader> claimed_block_header(std::string_view bytes);

}  // namespace millrace
