#include "host/stop_watch.h"

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "nodes/source_runner.h"

namespace millrace {

StopWatch::StopWatch(std::function<void()> stop, std::function<void()> explain, int64_t run_for_us,
                     int64_t explain_every_us)
    : stop_(std::move(stop)),
      explain_(std::move(explain)),
      stop_at_us_(run_for_us ? monotonic_us() + run_for_us : INT64_MAX),
      explain_every_us_(explain_every_us),
      explain_at_us_(explain_every_us ? monotonic_us() + explain_every_us : INT64_MAX) {
  sigemptyset(&signals_);
  for (int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals_, signal);
  thread_ = std::thread([this] { watch(); });
}

StopWatch::~StopWatch() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);  // Ends its wait at once.
  thread_.join();
}

void StopWatch::watch() {
  constexpr timespec kTick{0, 50'000'000};
  while (!done_) {
    look_at_clocks();
    const int signal = sigtimedwait(&signals_, nullptr, &kTick);
    if (signal > 0 && !done_) take(signal);
  }
}

void StopWatch::look_at_clocks() {
  const int64_t now = monotonic_us();
  if (now >= stop_at_us_) {
    stop_at_us_ = INT64_MAX;
    stop_();
  }
  if (now < explain_at_us_) return;
  explain_at_us_ = now + explain_every_us_;
  explain_();
}

void StopWatch::take(int signal) {
  if (signal == SIGUSR1) return explain_();
  if (++stops_seen_ > 1) _exit(130);
  log_info("stopping: committing what was read (a second signal exits at once)");
  stop_();
}

}  // namespace millrace
