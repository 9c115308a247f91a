#include "record/arena.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace millrace {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kPadding = 64;
constexpr uint64_t kBlockMin = 4096;
constexpr uint64_t kBlockMax = uint64_t{1} << 32;
/// Larger blocks go back to the system: one 100 MB line must not stay resident for ever.
constexpr uint64_t kPooledBlockMax = uint64_t{1} << 20;
constexpr uint64_t kPooledBytesMax = uint64_t{16} << 20;

struct Pool {
  std::mutex mutex;
  std::array<std::vector<uint8_t*>, 33> free;  // By log2 of the capacity. Guarded by mutex.
  ArenaUse use;                                // Guarded by mutex.
};

/// Never destroyed: plugins may release batches while the process exits.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

}  // namespace

Block Block::take(uint64_t bytes) {
  if (bytes > kBlockMax) return {};
  const uint64_t capacity = std::bit_ceil(bytes < kBlockMin ? kBlockMin : bytes);
  Pool& p = pool();
  {
    std::lock_guard lock(p.mutex);
    auto& free = p.free[static_cast<std::size_t>(std::countr_zero(capacity))];
    if (!free.empty()) {
      uint8_t* data = free.back();
      free.pop_back();
      p.use.pooled_bytes -= capacity;
      p.use.lent_bytes += capacity;
      return {data, capacity};
    }
  }
  void* data = std::aligned_alloc(kAlignment, capacity + kPadding);
  if (!data) return {};
  std::lock_guard lock(p.mutex);
  p.use.lent_bytes += capacity;
  return {static_cast<uint8_t*>(data), capacity};
}

Block::~Block() {
  if (!data_) return;
  Pool& p = pool();
  {
    std::lock_guard lock(p.mutex);
    p.use.lent_bytes -= capacity_;
    if (capacity_ <= kPooledBlockMax && p.use.pooled_bytes + capacity_ <= kPooledBytesMax) {
      p.free[static_cast<std::size_t>(std::countr_zero(capacity_))].push_back(data_);
      p.use.pooled_bytes += capacity_;
      return;
    }
  }
  std::free(data_);
}

ArenaUse arena_use() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  return p.use;
}

}  // namespace millrace
