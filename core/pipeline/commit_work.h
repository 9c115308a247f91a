#pragma once

/// Finishes commits beside the next epoch: one at a time, step by step (hotpath §4).
/// Threads: all functions on the one that applies, but busy() and failure(), from any.

#include <atomic>
#include <optional>

#include "base/machine.h"
#include "pipeline/committer.h"

namespace millrace {

class CommitWork final : private BesideWork {
 public:
  CommitWork(Committer& committer, Machine& machine);
  ~CommitWork() override;  ///< Waits for the commit under way.

  bool busy() const { return busy_.load(std::memory_order_acquire); }
  /// Of a commit; no further one may be started.
  std::optional<Error> failure() const;
  /// Waits for the one under way first.
  Result<void> start(OpenCommit open);
  Result<void> wait();
  /// CPU time that the last one took; waiting for a disk or a cluster costs nobody anything.
  int64_t last_cpu_us() const { return last_cpu_us_.load(std::memory_order_relaxed); }

 private:
  int64_t due_us() const override;
  void step(Lock& lock) override;

  Committer& committer_;
  Machine& machine_;
  std::atomic<bool> busy_{false};
  std::atomic<int64_t> last_cpu_us_{0};
  // Guarded by the mutex of BesideWork.
  std::optional<OpenCommit> open_;
  std::optional<Error> failure_;
  int64_t cpu_us_ = 0;  ///< Of the one under way, so far.
  std::unique_ptr<Machine::Drive> drive_;
};

}  // namespace millrace
