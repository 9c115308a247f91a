#pragma once

/// Writes the entries of one chain and one commit into final block bytes: what finish() returns is
/// stored as it is, here and elsewhere, and never changed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/block.h"

namespace millrace {

/// Entries come out in the order they were put. A block ends where the next entry would take it
/// past kBlockBytesMax; an entry larger than that gets a block of its own.
/// Threads: one. Errors: none; an operator's name beyond kOperatorBytesMax and a shard that does
/// not exist are asserted.
class BlockWriter {
 public:
  explicit BlockWriter(BlockSeries series);

  /// `key` exactly when this ordinal is new in the chain: in a base always. An empty key is a key.
  void put(uint32_t ordinal, std::optional<std::string_view> key, std::string_view value);
  void append(uint32_t ordinal, std::optional<std::string_view> key, std::string_view value);
  void erase(uint32_t ordinal);

  /// Ends the last block and hands all over; the writer is used up. No entries: no blocks.
  std::vector<StateBlock> finish();

 private:
  void add(EntryKind kind, uint32_t ordinal, std::optional<std::string_view> key,
           std::string_view value);
  void start_block();
  void end_block(bool last);

  BlockSeries series_;
  std::vector<StateBlock> blocks_;
  std::string bytes_;  ///< The open block: its header, still without counts, and its entries.
  uint32_t entries_ = 0;
};

}  // namespace millrace
