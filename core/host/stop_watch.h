#pragma once

/// Signals and clocks of a run, on a thread of its own. SIGINT or SIGTERM stops the run, a second
/// one exits at once; SIGUSR1 explains. Also keeps the time of `--for` and of `--explain-windows`.
/// The program blocks these signals at its start, so that no other thread takes them.

#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <thread>

namespace millrace {

class StopWatch {
 public:
  /// `stop` and `explain` are called on its thread. 0: never.
  StopWatch(std::function<void()> stop, std::function<void()> explain, int64_t run_for_us,
            int64_t explain_every_us);
  ~StopWatch();

 private:
  void watch();
  void look_at_clocks();
  void take(int signal);

  std::function<void()> stop_, explain_;
  int64_t stop_at_us_, explain_every_us_, explain_at_us_;  ///< Monotonic; INT64_MAX: never.
  int stops_seen_ = 0;
  sigset_t signals_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace millrace
