#include "base/freed_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace millrace {
namespace {

/// Looking walks all that is free, and who allocates waits meanwhile: at most so small a share of
/// the time.
constexpr int64_t kLookEveryUs = 10 * 1'000'000, kShare = 1000;
constexpr uint64_t kMuch = 8 << 20;

/// Pages in memory that are no file's.
uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0, resident = 0, of_files = 0;
  if (!(statm >> all >> resident >> of_files)) return 0;
  return (resident - of_files) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// As the allocator counts; 0: it does not.
uint64_t used_bytes() {
#ifdef __GLIBC__
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

}  // namespace

uint64_t freed_bytes() {
  const uint64_t used = used_bytes(), resident = resident_bytes();
  return used == 0 || used > resident ? 0 : resident - used;
}

void give_back_freed() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

FreedMemory::FreedMemory()
    : look_at_us_(monotonic_us() + kLookEveryUs), drive_(real_machine().drive(*this, "memory")) {}

FreedMemory::~FreedMemory() { drive_.reset(); }

void FreedMemory::step(Lock& lock) {
  lock.unlock();
  const int64_t began_us = monotonic_us();
  look();
  const int64_t now_us = monotonic_us();
  lock.lock();
  look_at_us_ = now_us + std::max(kLookEveryUs, kShare * (now_us - began_us));
}

void FreedMemory::look() {
  const uint64_t freed = freed_bytes();
  splinters_ = std::min(splinters_, freed);
  if (freed - splinters_ < kMuch) return;
  give_back_freed();
  splinters_ = freed_bytes();
}

}  // namespace millrace
