#pragma once

/// The one 64-bit hash of keys and checksums (XXH3). The seed is fixed: shards and block
/// checksums are stored on disk, so a changed hash is a changed format.

#include <cstdint>
#include <string_view>

namespace millrace {

uint64_t hash_bytes(std::string_view bytes);
uint64_t hash_bytes(std::string_view bytes, uint64_t seed);

}  // namespace millrace
