#pragma once

/// Where the fields of a block lie; README.md is the page. For the writer and the reader alone.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace millrace::block_layout {

inline constexpr std::string_view kMagic = "MRSB";
inline constexpr uint16_t kVersion = 1;

inline constexpr uint8_t kFlagBase = 1;
inline constexpr uint8_t kFlagLast = 2;

// Fixed part: magic 0, version 4, flags 6, shard 7, then these; the operator's name follows.
inline constexpr std::size_t kFlagsAt = 6;
inline constexpr std::size_t kEntriesAt = 44;
inline constexpr std::size_t kPayloadBytesAt = 48;
inline constexpr std::size_t kChecksumAt = 56;
inline constexpr std::size_t kFixedBytes = 66;  // Up to the operator's length, included.

// An entry begins with varint(ordinal * 8 + kKeyBit + kind): one byte for the first sixteen keys,
// two up to two thousand. Kind 0 does not exist, so zeroed bytes are never an entry.
inline constexpr unsigned kTagBits = 3;
inline constexpr uint64_t kKindMask = 3;
inline constexpr uint64_t kKeyBit = 4;

/// Over everything but itself: the payload, seeded by the header before it and the name.
inline uint64_t checksum(std::string_view block, std::size_t payload_at) {
  const uint64_t fixed = hash_bytes(block.substr(0, kChecksumAt));
  const uint64_t header =
      hash_bytes(block.substr(kChecksumAt + 8, payload_at - kChecksumAt - 8), fixed);
  return hash_bytes(block.substr(payload_at), header);
}

}  // namespace millrace::block_layout
