#pragma once

/// One worker of a pipeline under the kafka commit log: joins the consumer group of its sources and
/// runs a task for each partition that the group gives it. A task is a Runner of its own, on a
/// thread of its own, with a graph and a KafkaLog for its partition. When the group takes
/// partitions away, all tasks are stopped as by SIGTERM, with a last commit, before it lets go of
/// them. core/kafka/README.md is the page.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "kafka/cluster.h"
#include "pipeline/run.h"

namespace millrace {

namespace kafka {
class Membership;
struct LogFigures;
}  // namespace kafka

/// Threads: run() on one, the rest from any.
class Worker final : public Execution {
 public:
  Worker(const PipelineConfig& config, const PluginIndex& plugins, RunOptions options);
  ~Worker() override;

  /// Makes and checks what the cluster must have; run() needs it. kFailed with the remedy.
  Result<void> make_topics();
  /// kFailed also when a task failed for good: the others are stopped first.
  Result<void> run(Plan first, RunResult& result) override;
  void stop() override;
  uint64_t records() const override;
  void look_at_graph(const std::function<void(const Graph&)>& look) override;
  RunResult so_far() const override;
  std::vector<Figure> figures() const override;

 private:
  struct TaskRun;

  Result<void> join();
  Result<void> work();
  Result<void> take(const kafka::GroupChange& change);
  void start_task(int32_t number);
  void work_on(TaskRun& task);
  /// Asks all tasks to end, waits, and keeps what they did.
  void stop_tasks();
  /// Joins those that ended by themselves. The error of one that failed for good.
  Result<void> look_after_tasks();
  void keep_result(const TaskRun& task);
  RestoredTask restored(int32_t number, const kafka::LogFigures& figures) const;
  // Parts of figures(), under mutex_.
  template <class ValueOf>
  void add_for_each(std::vector<Figure>& out, const char* name, const char* help, bool counter,
                    ValueOf value_of) const;
  void add_restored_bytes(std::vector<Figure>& out) const;
  void add_lag(std::vector<Figure>& out) const;
  bool all_done() const;
  bool stopping() const;

  const PipelineConfig& config_;
  const PluginIndex& plugins_;
  const RunOptions options_;
  kafka::Cluster cluster_;         ///< As tasks use it.
  kafka::Cluster member_cluster_;  ///< With what only members of a group have.
  std::string group_;
  std::vector<std::string> topics_;          ///< Of the sources.
  std::vector<std::string> topics_written_;  ///< Of the sinks.
  int32_t partitions_ = 0;
  std::unique_ptr<kafka::Membership> membership_;
  bool rejoin_ = false;      ///< A task was told that it is not ours.
  bool given_ = false;       ///< The group has spoken.
  std::set<int32_t> ended_;  ///< Under --until-end.

  mutable std::mutex mutex_;  // Guards all below.
  std::map<int32_t, std::unique_ptr<TaskRun>> tasks_;
  std::map<int32_t, std::unique_ptr<kafka::LogFigures>> figures_;
  std::map<int32_t, Ledger> totals_;  ///< Of tasks that are no longer here, by number.
  RunResult done_;                    ///< Of tasks that are no longer here.
  uint64_t records_done_ = 0;
  bool stop_asked_ = false;
};

}  // namespace millrace
