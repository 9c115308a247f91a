#pragma once

/// Finishes commits beside the next epoch: one at a time, on a thread of its own (hotpath §4).
/// Threads: all functions on the one that applies, but busy() and failure(), from any.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/committer.h"

namespace millrace {

class CommitThread {
 public:
  explicit CommitThread(Committer& committer);
  ~CommitThread();  ///< Waits for the commit under way.

  bool busy() const { return busy_.load(std::memory_order_acquire); }
  /// Of a commit; no further one may be started.
  std::optional<Error> failure() const;
  /// Waits for the one under way first.
  Result<void> start(OpenCommit open);
  Result<void> wait();
  /// How long the last one took to become durable.
  int64_t last_us() const { return last_us_.load(std::memory_order_relaxed); }

 private:
  void work();

  Committer& committer_;
  std::atomic<bool> busy_{false};
  std::atomic<int64_t> last_us_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<OpenCommit> open_;  // Guarded by mutex_.
  std::optional<Error> failure_;    // Guarded by mutex_.
  bool stopping_ = false;           // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace millrace
