#pragma once

/// Commits everything that must survive together (semantics R34, R51): positions, watermarks,
/// window state, sinks' pending work, the ledger. A commit is cut between two records of the
/// task's order, by the thread that applies them, so what it holds is exactly what was applied.
/// Order: sinks prepare, the log commits, sinks commit, sources hear. Whatever fails before the
/// log has committed leaves the last commit in force.
/// Threads: the one that applies.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/graph.h"
#include "pipeline/source_runner.h"
#include "state/commit_log.h"

namespace millrace {

/// Where a source goes on after this commit.
struct ResumePoint {
  std::string snapshot;
  uint64_t skip = 0;  ///< Records behind the snapshot that were applied already.
};

class Committer {
 public:
  Committer(Graph& graph, CommitLog& log);

  /// Loads the last commit into the graph's nodes. Operators and sources named in `forget` start
  /// empty; others must have the identity that they had (R37). Sources' resume points follow.
  Result<void> restore(const std::vector<std::string>& forget);
  /// True if a start from nothing was begun and no commit followed: it is to be begun again.
  Result<bool> fresh_was_begun();
  /// Starts from nothing: sinks learn what they had written, so that opening them with
  /// MR_OPEN_FRESH cuts it, and all other state is forgotten in one commit, before they do. A crash
  /// in between finds that commit and begins anew.
  Result<void> begin_fresh();
  const std::vector<ResumePoint>& resume() const { return resume_; }
  uint64_t epoch() const { return epoch_; }
  uint64_t commits() const { return commits_; }

  /// One commit. On kUnavailable or kFailed the caller restarts in process.
  Result<void> commit(const std::vector<ResumePoint>& points, std::vector<SourceRunner*> sources);

  /// Cumulative, as of the last commit. From any thread.
  Ledger committed() const {
    std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  Result<void> erase_state(const std::string& name);
  std::string write_meta(const std::vector<ResumePoint>& points, Commit& commit);
  Result<void> check_identity(const JsonValue& stored, const std::string& name,
                              const std::string& identity) const;
  void tell_new_tzdata(const JsonValue& meta) const;
  Result<void> restore_source(const JsonValue& meta, size_t i);
  Result<void> restore_operator(const JsonValue& meta, const NamedOperator& op);

  Graph& graph_;
  CommitLog& log_;
  uint64_t epoch_ = 0;
  std::atomic<uint64_t> commits_{0};
  std::vector<ResumePoint> resume_;
  std::vector<std::string> erase_operators_;  ///< With the next commit.
  void note_committed();
  mutable std::mutex mutex_;
  Ledger committed_;  // Guarded by mutex_.
};

}  // namespace millrace
