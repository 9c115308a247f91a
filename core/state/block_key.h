#pragma once

/// How a BlockId becomes a key whose byte order is the order of BlockIds by operator: an
/// operator's blocks lie together, in them a slice's, so that a restart reads forward and a closed
/// window is dropped by prefix.

#include <optional>
#include <string>
#include <string_view>

#include "state/block.h"

namespace millrace {

/// 'b', length of the name, the name, slice with its sign bit turned, shard, number; all
/// big-endian.
std::string block_key(const BlockId& id);
std::string slice_prefix(std::string_view op, int64_t slice);
std::string operator_prefix(std::string_view op);
inline constexpr std::string_view kBlocksPrefix = "b";

/// Nothing if `key` is not one that block_key makes.
std::optional<BlockId> parse_block_key(std::string_view key);

}  // namespace millrace
