#pragma once

/// Notices calls into plugins that do not return. After 1 s it says so at debug level; when a call
/// is stuck (30 s, or MILLRACE_CALL_TIMEOUT seconds; a poll has until its deadline on top) it
/// prints which component hangs and ends the process with exit code 1: a thread cannot be killed
/// safely, and the last commit is where the next run starts. Time is counted in the watchdog's own
/// ticks, so that a stopped or sleeping machine hangs nobody.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// MILLRACE_CALL_TIMEOUT in milliseconds, or `otherwise`.
int64_t call_timeout_ms(int64_t otherwise);

/// What to do before the process ends because a plugin hangs: the host writes its report. Runs on
/// the watchdog's thread, once. An empty function: nothing.
void on_give_up(std::function<void()> last_words);

/// One per instance; lives in it. The label names it in messages.
class CallWatch {
 public:
  explicit CallWatch(std::string label);
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  /// `extra_ms`: on top of the timeout. `slot` is static text.
  void enter(const char* slot, int64_t extra_ms) {
    slot_.store(slot, std::memory_order_relaxed);
    extra_ms_.store(extra_ms, std::memory_order_relaxed);
    calls_.fetch_add(1, std::memory_order_release);
  }
  void leave() { calls_.fetch_add(1, std::memory_order_release); }

 private:
  friend class Watchdog;
  const std::string label_;
  std::atomic<uint64_t> calls_{0};  ///< Odd: inside a call.
  std::atomic<const char*> slot_{""};
  std::atomic<int64_t> extra_ms_{0};
  uint64_t seen_ = 0;  ///< The watchdog's own, as the next two.
  int64_t inside_ms_ = 0;
  bool warned_ = false;
};

}  // namespace millrace
