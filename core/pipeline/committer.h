#pragma once

/// Commits everything that must survive together (semantics R34, R51): positions, watermarks,
/// window state, sinks' pending work, the ledger. A commit is cut between two records of the
/// task's order, by the thread that applies them, so what it holds is exactly what was applied.
/// Order: sinks prepare, the log commits, sinks commit, sources hear. Whatever fails before the
/// log has committed leaves the last commit in force.
/// A commit has two halves. begin() is the barrier: what was applied so far becomes final bytes.
/// step() after step() makes them durable, in that order; they only read those bytes, so the next
/// epoch is computed beside them.
/// Threads: begin() on the one that applies, step() on any, one at a time, each after the other.

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "json/value.h"
#include "nodes/graph.h"
#include "nodes/source_runner.h"
#include "state/commit_log.h"

namespace millrace {

/// How far the sources are to be read on from an older commit to the last one.
struct ReadOn {
  struct Target {
    uint64_t records = 0;
    bool ended = false;  ///< Behind them its end was told.
  };
  std::vector<Target> sources;
  bool closes = false;  ///< Then the end of input closed all windows.
};

/// A commit under way: everything that it holds but what sinks prepare.
struct OpenCommit {
  Commit commit;
  JsonValue meta = JsonValue::object();
  Ledger ledger;
  std::vector<SourceRunner*> sources;  ///< Who hear of it.
  std::vector<std::string> snapshots;  ///< Where each of them resumes.
  size_t steps = 0;                    ///< Made so far.
};

class Committer {
 public:
  Committer(Graph& graph, CommitLog& log);

  /// Loads the last commit into the graph's nodes. Operators and sources named in `forget` start
  /// empty; others must have the identity that they had (R37). Sources' resume points follow.
  Result<void> restore(const std::vector<std::string>& forget);

  // Under `keep: "cache"`: the state of an older commit, read on to the last one.

  /// Sources and operators as of `cut`, whose blocks the log gives, or as at the beginning.
  /// kUnavailable: there is no way from there.
  Result<ReadOn> restore_older(const std::optional<Restored>& cut);
  /// Behind that: sinks, counters and places, as of the last commit.
  Result<void> restore_rest();
  /// A commit of what reading on has led to; kUnavailable if that is not the last commit's state.
  Result<void> commit_read_on();

  /// True if a start from nothing was begun and no commit followed: it is to be begun again.
  Result<bool> fresh_was_begun();
  /// Starts from nothing: sinks learn what they had written, so that opening them with
  /// MR_OPEN_FRESH cuts it, and all other state is forgotten in one commit, before they do. A crash
  /// in between finds that commit and begins anew.
  Result<void> begin_fresh();
  const std::vector<ResumePoint>& resume() const { return resume_; }
  uint64_t epoch() const { return epoch_.load(); }
  uint64_t commits() const { return commits_; }

  /// Cuts a commit here.
  Result<OpenCommit> begin(const std::vector<ResumePoint>& points,
                           std::vector<SourceRunner*> sources);
  /// Makes the next step. False: it was the last. On kUnavailable or kFailed the caller restarts in
  /// process.
  Result<bool> step(OpenCommit& open);
  Result<void> finish(OpenCommit open);
  /// Both at once.
  Result<void> commit(const std::vector<ResumePoint>& points, std::vector<SourceRunner*> sources);

  /// The end of input has closed all windows: the next commit says where.
  void note_closed() { closed_ = true; }

  /// Hears of every commit that holds, on the committing thread, and may keep it. Set before the
  /// first.
  void on_committed(std::function<void(Commit)> hear) { hear_ = std::move(hear); }
  /// State that the log holds in memory. From any thread.
  uint64_t log_bytes() const { return log_.bytes_in_memory(); }
  /// Rows that are on their way to sinks. From any thread.
  uint64_t backlog_bytes() const;
  /// What went wrong outside of a call. From any thread.
  std::optional<Error> sink_failure() const;
  /// Gives sinks time to take what is committed, at most until `give_up_us` (monotonic). True: one
  /// more commit should hold what happened. By the thread that applies, with no commit under way.
  Result<bool> settle(int64_t give_up_us);

  /// Cumulative, as of the last commit. From any thread.
  Ledger committed() const {
    std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  bool has_operator(const std::string& name) const;
  bool is_due_for_reset(const JsonValue& meta, const std::string& name) const;
  Result<void> erase_state(const std::string& name);
  void write_meta(const std::vector<ResumePoint>& points, OpenCommit& open);
  void write_source(SourceStart& source, const ResumePoint& point, Commit& commit, JsonValue& one);
  void write_operator(const NamedOperator& op, Commit& commit, JsonValue& one);
  Result<void> prepare(SinkNode& sink, OpenCommit& open);
  Result<void> write_log(OpenCommit& open);
  Result<void> tell_sink(SinkNode& sink, uint64_t epoch);
  void tell_sources(OpenCommit& open);
  Result<void> check_identity(const JsonValue& stored, const std::string& name,
                              const std::string& identity) const;
  void tell_new_tzdata(const JsonValue& meta) const;
  Result<std::optional<JsonValue>> last_meta();
  Result<void> restore_nodes(const JsonValue& meta, const std::vector<std::string>& forget);
  Result<void> drop_unknown_operators(const JsonValue& meta);
  static std::string said_of(const JsonValue& stored);
  Result<void> restore_source(const JsonValue& meta, size_t i);
  Result<void> restore_place(const JsonValue& stored, size_t i);
  Result<void> restore_sinks(const JsonValue& stored, const std::vector<std::string>& forget);
  Result<void> restore_operator(const JsonValue& meta, const NamedOperator& op);
  Result<void> restore_counters(const JsonValue& stored, const NamedOperator& op);
  Result<void> restore_beside(const JsonValue& meta, const std::vector<std::string>& forget);

  Graph& graph_;
  CommitLog& log_;
  std::function<void(Commit)> hear_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<uint64_t> commits_{0};
  std::vector<ResumePoint> resume_;
  bool closed_ = false;
  std::optional<uint64_t> closed_at_;         ///< Records that were applied then.
  std::vector<std::string> erase_operators_;  ///< With the next commit.
  void note_committed(Ledger ledger);
  mutable std::mutex mutex_;
  Ledger committed_;  // Guarded by mutex_.
};

}  // namespace millrace
