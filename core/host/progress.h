#pragma once

/// The live line of a run. On a terminal it is redrawn four times a second; elsewhere, and where
/// rows are shown on the same terminal, one line per ten seconds. Threads: its own; stops in the
/// destructor.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace millrace {

class Progress {
 public:
  /// `rows_shown`: a sink writes to standard output.
  Progress(std::string pipeline, bool rows_shown, std::function<uint64_t()> records);
  ~Progress();

 private:
  void draw_until_stopped();
  void draw(double seconds);

  std::string pipeline_;
  const bool redrawn_;
  std::function<uint64_t()> records_;
  uint64_t last_records_ = 0;
  double last_seconds_ = 0;
  std::mutex mutex_;
  std::condition_variable stopped_changed_;
  bool stopped_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace millrace
