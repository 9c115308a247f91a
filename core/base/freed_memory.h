#pragma once

/// Memory that was freed and that the allocator keeps. After a burst that may be most of a process,
/// and for as long as it lives: each thread's heap waits for the next burst. Threads: any.

#include <cstdint>
#include <memory>

#include "base/machine.h"

namespace millrace {

/// Bytes that take up room in memory though nobody uses them, about; 0: the allocator does not say.
uint64_t freed_bytes();
/// Gives them to the system.
void give_back_freed();

/// While it lives, memory that bursts have left is given back, now and then.
class FreedMemory final : private BesideWork {
 public:
  FreedMemory();
  ~FreedMemory() override;

 private:
  int64_t due_us() const override { return look_at_us_; }
  void step(Lock& lock) override;
  void look();

  int64_t look_at_us_;      ///< Guarded by the mutex of BesideWork.
  uint64_t splinters_ = 0;  ///< Freed, and in pieces too small for the system to take.
  std::unique_ptr<Machine::Drive> drive_;
};

}  // namespace millrace
