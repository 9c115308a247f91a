#include "host/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "base/noun.h"

namespace millrace {
namespace {

/// A line that is redrawn and rows on one screen would be written into each other.
bool can_redraw(bool rows_shown) {
  return ::isatty(STDERR_FILENO) != 0 && !(rows_shown && ::isatty(STDOUT_FILENO) != 0);
}

}  // namespace

Progress::Progress(std::string pipeline, bool rows_shown, std::function<uint64_t()> records)
    : pipeline_(std::move(pipeline)),
      redrawn_(can_redraw(rows_shown)),
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
  const auto period = redrawn_ ? milliseconds(250) : milliseconds(10'000);
  const auto started = steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopped_changed_.wait_for(lock, period, [this] { return stopped_; })) {
    draw(duration<double>(steady_clock::now() - started).count());
  }
  if (redrawn_) fmt::print(stderr, "\x1b[K");
}

void Progress::draw(double seconds) {
  const uint64_t records = records_();
  const double rate = static_cast<double>(records - last_records_) / (seconds - last_seconds_);
  last_records_ = records;
  last_seconds_ = seconds;
  // The cursor is left in front of the line, so that a line of the log covers it.
  fmt::print(stderr, "{}{}: {}, {:.0f}/s, {:.0f} s{}", redrawn_ ? "\x1b[K" : "", pipeline_,
             counted(records, "record"), rate, seconds, redrawn_ ? "\r" : "\n");
  std::fflush(stderr);
}

}  // namespace millrace
