#include "worker/staged_run.h"

#include <algorithm>

namespace millrace {
namespace {

RunResult sum_of(const std::vector<RunResult>& results) {
  RunResult sum;
  for (const RunResult& one : results) {
    if (one.ending == Ending::kStopped) sum.ending = Ending::kStopped;
    sum.commits += one.commits;
    add(sum.run, one.run);
    add(sum.total, one.total);
    sum.sinks.insert(sum.sinks.end(), one.sinks.begin(), one.sinks.end());
    sum.restored.insert(sum.restored.end(), one.restored.begin(), one.restored.end());
    sum.waiting.insert(sum.waiting.end(), one.waiting.begin(), one.waiting.end());
  }
  return sum;
}

}  // namespace

StagedRun::StagedRun(std::vector<Stage>& stages, const PluginIndex& plugins,
                     const RunOptions& options)
    : stages_(stages), in_turn_(options.until_end) {
  for (const Stage& stage : stages)
    workers_.push_back(std::make_unique<Worker>(stage.config, plugins, options));
}

Result<void> StagedRun::run(Plan first, RunResult& result) {
  stages_[0].plan = std::move(first);
  std::vector<RunResult> results(workers_.size());
  // In their order: a stage reads topics that the one before it makes.
  for (const auto& worker : workers_) MILLRACE_TRY(worker->make_topics());
  auto done = in_turn_ ? run_in_turn(results) : run_side_by_side(results);
  result = sum_of(results);
  if (stop_asked_) result.ending = Ending::kStopped;
  return done;
}

Result<void> StagedRun::run_in_turn(std::vector<RunResult>& results) {
  for (size_t i = 0; i < workers_.size() && !stop_asked_; ++i)
    MILLRACE_TRY(workers_[i]->run(std::move(stages_[i].plan), results[i]));
  return {};
}

Result<void> StagedRun::run_side_by_side(std::vector<RunResult>& results) {
  std::vector<Result<void>> done(workers_.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers_.size(); ++i) {
    threads.emplace_back([this, i, &done, &results] {
      done[i] = workers_[i]->run(std::move(stages_[i].plan), results[i]);
      if (!done[i]) stop();  // One that failed ends them all.
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto failed = std::find_if(done.begin(), done.end(), [](const auto& one) { return !one; });
  return failed == done.end() ? Result<void>() : *failed;
}

void StagedRun::stop() {
  stop_asked_ = true;
  for (const auto& worker : workers_) worker->stop();
}

uint64_t StagedRun::records() const {
  uint64_t records = 0;
  for (const auto& worker : workers_) records += worker->records();
  return records;
}

void StagedRun::look_at_graph(const std::function<void(const Graph&)>& look) {
  for (const auto& worker : workers_) worker->look_at_graph(look);
}

RunResult StagedRun::so_far() const {
  std::vector<RunResult> results;
  for (const auto& worker : workers_) results.push_back(worker->so_far());
  return sum_of(results);
}

std::vector<Figure> StagedRun::figures() const {
  std::vector<Figure> out;
  for (const auto& worker : workers_) {
    for (Figure& figure : worker->figures()) out.push_back(std::move(figure));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Figure& a, const Figure& b) { return a.name < b.name; });
  return out;
}

}  // namespace millrace
