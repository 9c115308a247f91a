// Any bytes as a state block: refused, or every entry lies inside.
#include <cstddef>
#include <cstdint>

#include "base/hash.h"
#include "state/block_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto reader = millrace::BlockReader::open(bytes, 1);
  if (!reader) return 0;
  millrace::BlockEntry entry;
  uint64_t sum = 0;
  while (reader->next(entry))
    sum += millrace::hash_bytes(entry.key) + millrace::hash_bytes(entry.value);
  return sum == 42 ? 1 : 0;
}
