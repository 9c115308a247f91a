#include "host/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

namespace millrace {

Progress::Progress(std::string pipeline, std::function<uint64_t()> records)
    : pipeline_(std::move(pipeline)),
      records_(std::move(records)),
      thread_([this] { draw_until_stopped(); }) {}

Progress::~Progress() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stopped_changed_.notify_all();
  thread_.join();
}

void Progress::draw_until_stopped() {
  using namespace std::chrono;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto period = terminal ? milliseconds(250) : milliseconds(10'000);
  const auto started = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopped_changed_.wait_for(lock, period, [this] { return stopped_; })) {
    draw(duration<double>(steady_clock::now() - started).count(), terminal);
  }
  if (terminal) fmt::print(stderr, "\r\x1b[K");
}

void Progress::draw(double seconds, bool terminal) {
  const uint64_t records = records_();
  const double rate = static_cast<double>(records - last_records_) / (seconds - last_seconds_);
  last_records_ = records;
  last_seconds_ = seconds;
  fmt::print(stderr, "{}{}: {} records, {:.0f}/s, {:.0f} s{}", terminal ? "\r\x1b[K" : "",
             pipeline_, records, rate, seconds, terminal ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace millrace
