#include "plugin/watchdog.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"

namespace millrace {

int64_t call_timeout_ms(int64_t otherwise) {
  const char* text = getenv("MILLRACE_CALL_TIMEOUT");
  const double seconds = text ? strtod(text, nullptr) : 0;
  return seconds > 0 ? static_cast<int64_t>(seconds * 1000) : otherwise;
}

/// One thread for all instances; it begins with the first one and is never joined.
class Watchdog {
 public:
  static Watchdog& get() {
    static Watchdog* one = new Watchdog;
    return *one;
  }
  void add(CallWatch* watch) {
    std::lock_guard lock(mutex_);
    watches_.push_back(watch);
    if (!running_) std::thread([this] { run(); }).detach();
    running_ = true;
  }
  void set_last_words(std::function<void()> last_words) {
    std::lock_guard lock(mutex_);
    last_words_ = std::move(last_words);
  }
  void remove(CallWatch* watch) {
    std::lock_guard lock(mutex_);
    std::erase(watches_, watch);
  }

 private:
  [[noreturn]] void run() {
    while (true) {
      std::this_thread::sleep_for(std::chrono::milliseconds(tick_ms_));
      std::lock_guard lock(mutex_);
      for (CallWatch* watch : watches_) look(*watch);
    }
  }
  void look(CallWatch& w) {
    const uint64_t calls = w.calls_.load(std::memory_order_acquire);
    if (calls != w.seen_ || calls % 2 == 0) {
      w.seen_ = calls;
      w.inside_ms_ = 0;
      w.warned_ = false;
      return;
    }
    w.inside_ms_ += tick_ms_;
    const int64_t extra_ms = w.extra_ms_.load(std::memory_order_relaxed);
    const char* slot = w.slot_.load(std::memory_order_relaxed);
    if (w.inside_ms_ >= 1000 + extra_ms && !w.warned_) {
      w.warned_ = true;
      log_debug(fmt::format("{}: {} has not returned for {} ms", w.label_, slot, w.inside_ms_));
    }
    if (w.inside_ms_ < timeout_ms_ + extra_ms) return;
    log_error(fmt::format("{}: {} has not returned for {} ms; the plugin hangs, giving up",
                          w.label_, slot, w.inside_ms_));
    if (last_words_) last_words_();
    _exit(1);  // No destructors: the hanging thread still uses what they would destroy.
  }

  const int64_t timeout_ms_ = call_timeout_ms(30'000);
  const int64_t tick_ms_ = std::clamp<int64_t>(timeout_ms_ / 8, 10, 500);
  std::mutex mutex_;
  std::vector<CallWatch*> watches_;   // Guarded by mutex_.
  bool running_ = false;              // Guarded by mutex_.
  std::function<void()> last_words_;  // Guarded by mutex_.
};

void on_give_up(std::function<void()> last_words) {
  Watchdog::get().set_last_words(std::move(last_words));
}

CallWatch::CallWatch(std::string label) : label_(std::move(label)) { Watchdog::get().add(this); }
CallWatch::~CallWatch() { Watchdog::get().remove(this); }

}  // namespace millrace
