#pragma once

/// Runs a pipeline from its last commit until it ends or is stopped, restarting in process when a
/// commit fails (semantics R51): the graph is built anew and goes on from the commit in force, the
/// same path as after kill -9.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache/cache_writer.h"
#include "cache/kept_log.h"
#include "config/pipeline_config.h"
#include "pipeline/task.h"
#include "pipeline/waiting.h"
#include "plan/plan.h"

namespace millrace {

/// Opens the log of a run, for each attempt anew if `RunOptions::open_log` is set.
using LogOpener = std::function<Result<std::unique_ptr<CommitLog>>()>;

/// What a run takes from outside; a simulation gives its own.
struct RunSeams {
  Machine* machine = &real_machine();
  /// The log of this machine. Not set: LMDB in `commit.dir`.
  LogOpener open_local = nullptr;
  CacheConnect connect_cache = &RedisConnection::connect;
};

struct RunOptions {
  bool fresh = false;
  bool until_end = false;
  bool drain = false;
  std::vector<std::string> forget;
  unsigned lanes = 1;
  /// A log that a failure makes unusable. Not set: the local one, opened once.
  LogOpener open_log = nullptr;
  RunSeams seams{};
};

struct SinkReport {
  std::string name, delivery;
};

/// Where the state of a task of the kafka log came from, over all its starts in a run.
struct RestoredTask {
  std::string stage;
  int32_t task = 0;
  uint64_t cache_bytes = 0;      ///< Of a copy in Redis that was proven.
  uint64_t changelog_bytes = 0;  ///< Of records read.
  double seconds = 0;
};

struct RunResult {
  Ending ending = Ending::kEnded;
  uint64_t commits = 0;
  Ledger run;    ///< This run's committed work.
  Ledger total;  ///< Since --fresh.
  std::vector<SinkReport> sinks;
  std::vector<WaitingOperator> waiting;  ///< What is open at the end of the run.
  std::vector<RestoredTask> restored;    ///< Tasks that read any state to begin with.
};

struct Figure {
  std::string name, help;
  bool counter = false;  ///< Else a gauge.
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

/// A pipeline at work: by one Runner, or by the tasks of a worker.
class Execution {
 public:
  virtual ~Execution() = default;

  /// The first plan was made (and its faults shown) by the caller. Fills `result` as far as it
  /// came, also on failure.
  virtual Result<void> run(Plan first, RunResult& result) = 0;
  /// Polls no more, applies what is there, commits. From any thread.
  virtual void stop() = 0;
  /// Records taken in so far; for the progress line. From any thread.
  virtual uint64_t records() const = 0;
  /// Calls `look` where all nodes stand still; not while the run starts, restarts or ends. From any
  /// thread.
  virtual void look_at_graph(const std::function<void(const Graph&)>& look) = 0;
  /// What is committed by now, for a report when a plugin hangs. From any thread.
  virtual RunResult so_far() const = 0;
  /// Figures of its own beside those of every run, by name: the group's, the log's. Any thread.
  virtual std::vector<Figure> figures() const { return {}; }
};

class Runner final : public Execution {
 public:
  Runner(const PipelineConfig& config, const PluginIndex& plugins, RunOptions options);
  ~Runner() override;

  Result<void> run(Plan first, RunResult& result) override;
  void stop() override;
  uint64_t records() const override;
  void look_at_graph(const std::function<void(const Graph&)>& look) override;
  RunResult so_far() const override;

 private:
  Result<void> open_log(bool first);
  bool pause(int failures);
  Result<void> attempt(Plan& plan, bool first, RunResult& result);
  using Sources = std::vector<std::unique_ptr<SourceRunner>>;
  Result<Sources> open_sources(const Graph& graph, const Committer& committer, uint32_t flags);
  Result<std::unique_ptr<CommitLog>> open_local_log();
  Result<std::unique_ptr<CommitLog>> open_lmdb() const;
  Result<bool> begin(Graph& graph, Committer& committer, bool first);
  Result<bool> restore(Graph& graph, Committer& committer, bool first);
  std::unique_ptr<CacheWriter> start_cache(Committer& committer);
  Machine& machine() const { return *options_.seams.machine; }
  Result<Ending> run_task(Graph& graph, Committer& committer, const Sources& sources,
                          TaskOptions options);
  Result<Ending> read_on(Graph& graph, Committer& committer, const KeptLog::Start& start);
  TaskOptions task_options() const;

  const PipelineConfig& config_;
  const PluginIndex& plugins_;
  RunOptions options_;
  std::unique_ptr<CommitLog> log_;
  KeptLog* kept_ = nullptr;  ///< log_, under `keep: "cache"`.
  bool unproven_ = false;    ///< Reading on led to the state, and no commit has judged it yet.
  Ledger before_;            ///< Totals when this run began.
  bool counting_ = false;    ///< before_ is known.

  mutable std::mutex mutex_;
  std::mutex task_life_;            ///< Held while somebody asks task_, and while it goes.
  Task* task_ = nullptr;            // Guarded by mutex_.
  Committer* committer_ = nullptr;  // Guarded by mutex_.
  RunResult result_;                // Guarded by mutex_: of earlier attempts.
  bool stop_asked_ = false;         // Guarded by mutex_.
  std::condition_variable stopped_;
  uint64_t records_before_ = 0;  // Guarded by mutex_: of earlier attempts.
};

}  // namespace millrace
