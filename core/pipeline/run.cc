#include "pipeline/run.h"

#include <cstdlib>

#include "base/log.h"
#include "pipeline/state_bound.h"
#include "state/local_log.h"

namespace millrace {
namespace {

/// Tests cut batches and commits small by these; users have no reason to.
uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

Runner::Runner(const PipelineConfig& config, const PluginIndex& plugins, RunOptions options)
    : config_(config), plugins_(plugins), options_(std::move(options)) {}

Runner::~Runner() = default;

TaskOptions Runner::task_options() const {
  TaskOptions task;
  task.lanes = options_.lanes;
  task.commit_every_us = config_.commit.every_us;
  task.commit_every_records = number_from("MILLRACE_COMMIT_RECORDS", 0);
  task.limits.records_max = static_cast<uint32_t>(number_from("MILLRACE_BATCH_RECORDS", 1u << 16));
  task.state_limit_bytes = state_limit_bytes(config_.limits);
  task.drain = options_.drain;
  return task;
}

Result<void> Runner::open_sources(std::vector<std::unique_ptr<SourceRunner>>& runners,
                                  const Committer& committer) {
  for (size_t i = 0; i < runners.size(); ++i) {
    const ResumePoint& resume = committer.resume()[i];
    const uint32_t flags = options_.until_end ? MR_OPEN_UNTIL_END : 0;
    MILLRACE_TRY(runners[i]->open(resume.snapshot, resume.skip, committer.epoch(), flags));
  }
  return {};
}

Result<void> Runner::attempt(Plan& plan, bool first, RunResult& result) {
  Graph& graph = plan.graph;
  Committer committer(graph, *log_);
  auto begun = committer.fresh_was_begun();
  if (!begun) return begun.error();
  const bool fresh = (options_.fresh && first) || *begun;
  if (fresh) {
    MILLRACE_TRY(committer.begin_fresh());
  } else {
    MILLRACE_TRY(committer.restore(first ? options_.forget : std::vector<std::string>()));
  }
  for (SinkNode* sink : graph.sinks) {
    MILLRACE_TRY(sink->open(committer.epoch(), fresh ? MR_OPEN_FRESH : 0));
  }
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  if (first) before_ = committer.committed();
  std::vector<std::unique_ptr<SourceRunner>> runners;
  std::vector<SourceRunner*> pointers;
  const TaskOptions options = task_options();
  for (const SourceStart& source : graph.sources) {
    runners.push_back(std::make_unique<SourceRunner>(source, config_.name.text, options.limits));
    MILLRACE_TRY(runners.back()->create());
    runners.back()->remember(source.node->restored_duplicates());
    pointers.push_back(runners.back().get());
  }
  MILLRACE_TRY(open_sources(runners, committer));
  Task task(graph, committer, pointers, options);
  {
    std::lock_guard lock(mutex_);
    task_ = &task;
    committer_ = &committer;
    if (stop_asked_) task.stop();
  }
  auto ending = task.run();
  {
    std::scoped_lock lock(task_life_, mutex_);
    task_ = nullptr;
    committer_ = nullptr;
    records_before_ += task.records_applied();
  }
  result.commits += committer.commits();
  result.total = committer.committed();
  result.run = difference(result.total, before_);
  result.waiting = waiting_operators(graph);
  {
    std::lock_guard lock(mutex_);
    result_ = result;
  }
  if (!ending) {
    for (auto& runner : runners) (void)runner->close();
    return ending.error();
  }
  result.ending = *ending;
  for (auto& runner : runners) MILLRACE_TRY(runner->close());
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->close());
  for (SinkNode* sink : graph.sinks) MILLRACE_TRY(sink->close());
  return {};
}

Result<void> Runner::run(Plan first, RunResult& result) {
  auto log = LocalLog::open({config_.commit.dir, config_.name.text});
  if (!log) return log.error();
  log_ = std::move(*log);
  for (size_t i = 0; i < first.graph.written_sinks; ++i) {
    const SinkNode* sink = first.graph.sinks[i];
    result.sinks.push_back({sink->name(), sink->plan().delivery});
  }
  // A commit that cannot succeed fails again: a disk that stays full is told, not retried forever.
  constexpr int kAttempts = 3;
  Plan plan = std::move(first);
  for (int attempt_number = 1;; ++attempt_number) {
    auto done = attempt(plan, attempt_number == 1, result);
    if (done || done.error().code != Code::kUnavailable || attempt_number == kAttempts) return done;
    log_warn(done.error().message + "; restarting from the last commit");
    Faults faults;
    auto again = make_plan(config_, plugins_, faults);
    if (!again) return again.error();
    if (!*again) return faults.error();
    plan = std::move(**again);
  }
}

void Runner::stop() {
  std::lock_guard lock(mutex_);
  stop_asked_ = true;
  if (task_) task_->stop();
}

void Runner::look_at_graph(const std::function<void(const Graph&)>& look) {
  std::lock_guard life(task_life_);
  Task* task = nullptr;
  {
    std::lock_guard lock(mutex_);
    task = task_;
  }
  if (task) task->look_at_graph(look);
}

RunResult Runner::so_far() const {
  std::lock_guard lock(mutex_);
  RunResult result = result_;
  if (!committer_) return result;
  result.commits += committer_->commits();
  result.total = committer_->committed();
  result.run = difference(result.total, before_);
  return result;
}

uint64_t Runner::records() const {
  std::lock_guard lock(mutex_);
  return records_before_ + (task_ ? task_->records_applied() : 0);
}

}  // namespace millrace
