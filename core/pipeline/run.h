#pragma once

/// Runs a pipeline from its last commit until it ends or is stopped, restarting in process when a
/// commit fails (semantics R51): the graph is built anew and goes on from the commit in force, the
/// same path as after kill -9.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache/cache_writer.h"
#include "config/pipeline_config.h"
#include "pipeline/task.h"
#include "pipeline/waiting.h"
#include "plan/plan.h"

namespace millrace {

struct RunOptions {
  bool fresh = false;
  bool until_end = false;
  bool drain = false;
  std::vector<std::string> forget;
  unsigned lanes = 1;
};

struct SinkReport {
  std::string name, delivery;
};

struct RunResult {
  Ending ending = Ending::kEnded;
  uint64_t commits = 0;
  Ledger run;    ///< This run's committed work.
  Ledger total;  ///< Since --fresh.
  std::vector<SinkReport> sinks;
  std::vector<WaitingOperator> waiting;  ///< What is open at the end of the run.
};

class Runner {
 public:
  Runner(const PipelineConfig& config, const PluginIndex& plugins, RunOptions options);
  ~Runner();

  /// The first plan was made (and its faults shown) by the caller. Fills `result` as far as it
  /// came, also on failure.
  Result<void> run(Plan first, RunResult& result);
  /// Polls no more, applies what is there, commits. From any thread.
  void stop();
  /// Records taken in so far; for the progress line. From any thread.
  uint64_t records() const;
  /// Calls `look` where all nodes stand still; not while the run starts, restarts or ends. From any
  /// thread.
  void look_at_graph(const std::function<void(const Graph&)>& look);
  /// What is committed by now, for a report when a plugin hangs. From any thread.
  RunResult so_far() const;

 private:
  Result<void> attempt(Plan& plan, bool first, RunResult& result);
  Result<void> open_sources(std::vector<std::unique_ptr<SourceRunner>>& runners,
                            const Committer& committer);
  std::unique_ptr<CacheWriter> start_cache(Committer& committer);
  Result<Ending> run_task(Graph& graph, Committer& committer,
                          const std::vector<SourceRunner*>& sources);
  TaskOptions task_options() const;

  const PipelineConfig& config_;
  const PluginIndex& plugins_;
  RunOptions options_;
  std::unique_ptr<CommitLog> log_;
  Ledger before_;  ///< Totals when this run began.

  mutable std::mutex mutex_;
  std::mutex task_life_;            ///< Held while somebody asks task_, and while it goes.
  Task* task_ = nullptr;            // Guarded by mutex_.
  Committer* committer_ = nullptr;  // Guarded by mutex_.
  RunResult result_;                // Guarded by mutex_: of earlier attempts.
  bool stop_asked_ = false;         // Guarded by mutex_.
  uint64_t records_before_ = 0;     // Guarded by mutex_: of earlier attempts.
};

}  // namespace millrace
