#pragma once

/// Pooled memory for batches. Blocks are 64-byte aligned with 64 readable bytes behind the end
/// (simdjson reads past it) and are never zero-filled: a fill of 256 KiB costs as much as
/// splitting it into lines. Sizes are powers of two, so that a returned block fits the next batch.
/// Threads: any; a block may be returned by another thread than the one that took it.

#include <cstdint>
#include <utility>

namespace millrace {

/// Owns one block; gives it back to the pool at the end of its life.
class Block {
 public:
  Block() = default;
  /// Without memory (`!*this`) when the system has none, or beyond 4 GiB. `bytes` 0: 1 is lent.
  static Block take(uint64_t bytes);
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Block();

  explicit operator bool() const { return data_ != nullptr; }
  uint8_t* data() const { return data_; }
  uint64_t capacity() const { return capacity_; }

 private:
  Block(uint8_t* data, uint64_t capacity) : data_(data), capacity_(capacity) {}
  uint8_t* data_ = nullptr;
  uint64_t capacity_ = 0;
};

/// For tests and metrics.
struct ArenaUse {
  uint64_t lent_bytes = 0;
  uint64_t pooled_bytes = 0;
};
ArenaUse arena_use();

}  // namespace millrace
