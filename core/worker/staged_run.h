#pragma once

/// All stages of a pipeline at work in one process, each with its own worker. Under --until-end one
/// after the other, so that each finds all that the one before it wrote; else side by side.

#include <memory>
#include <vector>

#include "worker/stages.h"
#include "worker/worker.h"

namespace millrace {

/// Threads: as Execution.
class StagedRun final : public Execution {
 public:
  /// `stages` outlives it; their plans are used up.
  StagedRun(std::vector<Stage>& stages, const PluginIndex& plugins, const RunOptions& options);

  /// `first` is the first stage's plan.
  Result<void> run(Plan first, RunResult& result) override;
  void stop() override;
  uint64_t records() const override;
  void look_at_graph(const std::function<void(const Graph&)>& look) override;
  RunResult so_far() const override;
  std::vector<Figure> figures() const override;

 private:
  Result<void> run_side_by_side(std::vector<RunResult>& results);
  Result<void> run_in_turn(std::vector<RunResult>& results);

  std::vector<Stage>& stages_;
  const bool in_turn_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> stop_asked_{false};
};

}  // namespace millrace
