#include "base/freed_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace millrace {
namespace {

constexpr uint64_t kMiB = 1 << 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

/// Blocks that a heap serves, not maps of their own, and that are touched.
std::vector<std::unique_ptr<std::vector<char>>> blocks(size_t count) {
  std::vector<std::unique_ptr<std::vector<char>>> out;
  for (size_t i = 0; i < count; ++i) out.push_back(std::make_unique<std::vector<char>>(32768, 'x'));
  return out;
}

TEST(FreedMemory, WhatABurstLeavesBetweenLivingBlocksIsGivenBack) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's allocator keeps what was freed";
  auto burst = blocks(4096);
  for (size_t i = 0; i < burst.size(); ++i) {
    if (i % 100 != 0) burst[i].reset();
  }
  const uint64_t kept = freed_bytes();
  EXPECT_GT(kept, 64 * kMiB) << "the allocator gave it back by itself";
  give_back_freed();
  EXPECT_LT(freed_bytes(), 32 * kMiB);
  for (size_t i = 0; i < burst.size(); i += 100) EXPECT_EQ((*burst[i])[17], 'x');
}

}  // namespace
}  // namespace millrace
