#include "base/machine.h"

#include <pthread.h>
#include <time.h>

#include <chrono>
#include <thread>

#include "base/time.h"

namespace millrace {
namespace {

void wait_on_clock(Lock& lock, std::condition_variable& changed, int64_t until_us) {
  if (until_us == kTimeMax) return changed.wait(lock);
  changed.wait_until(lock,
                     std::chrono::steady_clock::time_point(std::chrono::microseconds(until_us)));
}

/// A thread that makes the steps of one work.
class ThreadDrive final : public Machine::Drive {
 public:
  ThreadDrive(BesideWork& work, const char* name) : work_(work), thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), name);
  }
  ~ThreadDrive() override {
    {
      const std::lock_guard lock(work_.mutex);
      ended_ = true;
    }
    work_.changed.notify_all();
    thread_.join();
  }

 private:
  void run() {
    Lock lock(work_.mutex);
    while (!ended_) {
      const int64_t due_us = work_.due_us();
      if (due_us == kTimeMax || due_us > monotonic_us()) {
        wait_on_clock(lock, work_.changed, due_us);
      } else {
        work_.step(lock);
      }
    }
  }

  BesideWork& work_;
  bool ended_ = false;  // Guarded by work_.mutex.
  std::thread thread_;
};

class RealMachine final : public Machine {
 public:
  int64_t monotonic_us() override { return millrace::monotonic_us(); }
  int64_t wall_us() override { return wall_clock_us(); }
  int64_t thread_cpu_us() override {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * 1'000'000 + used.tv_nsec / 1000;
  }
  std::unique_ptr<Drive> drive(BesideWork& work, const char* name) override {
    return std::make_unique<ThreadDrive>(work, name);
  }
  void wait(Lock& lock, std::condition_variable& changed, int64_t until_us) override {
    wait_on_clock(lock, changed, until_us);
  }
};

}  // namespace

Machine& real_machine() {
  static RealMachine machine;
  return machine;
}

int64_t monotonic_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

int64_t wall_clock_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace millrace
