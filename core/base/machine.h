#pragma once

/// What a run takes from the machine beside its files: clocks, and threads for work that goes on
/// beside its owner. A run has the real ones. A simulation (tests/simulation) has one thread, a
/// virtual clock and dice, so that what it did it does again.
/// Work beside is written as steps; its thread does nothing but make them one after the other.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

namespace millrace {

using Lock = std::unique_lock<std::mutex>;

/// Work made of steps. The owner guards what both touch by `mutex` and notifies `changed`.
class BesideWork {
 public:
  virtual ~BesideWork() = default;

  /// Under the mutex: when the next step is due (monotonic); kTimeMax: not before `changed`.
  virtual int64_t due_us() const = 0;
  /// Makes a step that is due. Called with the mutex held, and returns so; gives it up in between.
  /// Never waits for another work's steps.
  virtual void step(Lock& lock) = 0;

  mutable std::mutex mutex;
  std::condition_variable changed;
};

class Machine {
 public:
  virtual ~Machine() = default;

  /// CLOCK_MONOTONIC and the wall clock, in microseconds.
  virtual int64_t monotonic_us() = 0;
  virtual int64_t wall_us() = 0;
  /// CPU time that the calling thread has used, in microseconds.
  virtual int64_t thread_cpu_us() = 0;

  /// While it lives, steps are made when they are due. Its end waits for the one under way.
  class Drive {
   public:
    virtual ~Drive() = default;
  };
  /// `work` outlives the drive. `name`: of the thread, at most 15 letters.
  virtual std::unique_ptr<Drive> drive(BesideWork& work, const char* name) = 0;

  /// Gives up the lock until `changed` is notified, at the latest until `until_us` (kTimeMax: no
  /// limit), or for no reason.
  virtual void wait(Lock& lock, std::condition_variable& changed, int64_t until_us) = 0;
  /// The same until `done`, which is asked under the lock. False: the time ran out.
  template <class Done>
  bool wait_until(Lock& lock, std::condition_variable& changed, int64_t until_us, Done done) {
    while (!done()) {
      if (monotonic_us() >= until_us) return false;
      wait(lock, changed, until_us);
    }
    return true;
  }
};

Machine& real_machine();

/// Of the real machine.
int64_t monotonic_us();
int64_t wall_clock_us();

}  // namespace millrace
