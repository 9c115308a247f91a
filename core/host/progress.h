#pragma once

/// The live line of a run. On a terminal it is redrawn four times a second; elsewhere one line
/// per ten seconds. Threads: its own; stops in the destructor.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace millrace {

class Progress {
 public:
  Progress(std::string pipeline, std::function<uint64_t()> records);
  ~Progress();

 private:
  void draw_until_stopped();
  void draw(double seconds, bool terminal);

  std::string pipeline_;
  std::function<uint64_t()> records_;
  uint64_t last_records_ = 0;
  double last_seconds_ = 0;
  std::mutex mutex_;
  std::condition_variable stopped_changed_;
  bool stopped_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace millrace
