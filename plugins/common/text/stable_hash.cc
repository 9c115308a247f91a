#include "common/text/stable_hash.h"

namespace millrace::text {

/// FNV-1a, then a finishing mix, because the low bits of FNV alone spread short texts badly.
uint64_t stable_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93u;
  hash ^= hash >> 32;
  return hash ? hash : 1;
}

}  // namespace millrace::text
