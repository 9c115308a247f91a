#include "pipeline/run.h"

#include <cstdlib>

#include "base/log.h"
#include "plan/state_bound.h"

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
  task.outbox_limit_bytes = static_cast<uint64_t>(config_.limits.outbox_bytes);
  task.drain = options_.drain;
  task.machine = &machine();
  return task;
}

Result<Ending> Runner::run_task(Graph& graph, Committer& committer, const Sources& sources,
                                TaskOptions options) {
  std::vector<SourceRunner*> pointers;
  for (const auto& source : sources) pointers.push_back(source.get());
  Task task(graph, committer, std::move(pointers), std::move(options));
  {
    std::lock_guard lock(mutex_);
    task_ = &task;
    committer_ = &committer;
    if (stop_asked_) task.stop();
  }
  auto ending = task.run();
  std::scoped_lock lock(task_life_, mutex_);
  task_ = nullptr;
  committer_ = nullptr;
  records_before_ += task.records_applied();
  return ending;
}

Result<void> Runner::attempt(Plan& plan, bool first, RunResult& result) {
  Graph& graph = plan.graph;
  Committer committer(graph, *log_);
  auto begun = begin(graph, committer, first);
  if (!begun) return begun.error();
  if (!counting_) before_ = committer.committed();
  counting_ = true;
  if (!*begun) {
    result.ending = Ending::kStopped;
    return {};
  }
  auto runners = open_sources(graph, committer, options_.until_end ? MR_OPEN_UNTIL_END : 0);
  if (!runners) return runners.error();
  const std::unique_ptr<CacheWriter> cache = start_cache(committer);
  if (unproven_) MILLRACE_TRY(committer.commit_read_on());
  auto ending = run_task(graph, committer, *runners, task_options());
  result.commits += committer.commits();
  result.total = committer.committed();
  result.run = difference(result.total, before_);
  result.waiting = waiting_operators(graph);
  {
    std::lock_guard lock(mutex_);
    result_ = result;
  }
  if (!ending) {
    for (auto& runner : *runners) (void)runner->close();
    return ending.error();
  }
  result.ending = *ending;
  for (auto& runner : *runners) MILLRACE_TRY(runner->close());
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->close());
  for (SinkNode* sink : graph.sinks) MILLRACE_TRY(sink->outlet().close());
  return {};
}

/// A log elsewhere may be away for a while: doubling waits, from 100 ms to 5 s. False: stop.
bool Runner::pause(int failures) {
  constexpr int64_t kFirstMs = 100, kLongestMs = 5'000;
  const int64_t wait_ms = std::min(kFirstMs << std::min(failures, 10), kLongestMs);
  Lock lock(mutex_);
  return !machine().wait_until(lock, stopped_, machine().monotonic_us() + wait_ms * 1000,
                               [this] { return stop_asked_; });
}

Result<void> Runner::run(Plan first, RunResult& result) {
  for (size_t i = 0; i < first.graph.written_sinks; ++i) {
    const SinkNode* sink = first.graph.sinks[i];
    result.sinks.push_back({sink->name(), sink->plan().delivery});
  }
  // A commit that cannot succeed fails again: a disk that stays full is told, not retried forever.
  constexpr int kAttempts = 3;
  int failures = 0;
  uint64_t commits_before = 0;
  Plan plan = std::move(first);
  for (int attempt_number = 1;; ++attempt_number) {
    auto done = open_log(attempt_number == 1);
    if (done) done = attempt(plan, attempt_number == 1, result);
    if (done || done.error().code != Code::kUnavailable) return done;
    if (result.commits > commits_before) {
      failures = 0;
      commits_before = result.commits;
    }
    ++failures;
    if (options_.open_log ? !pause(failures) : failures == kAttempts) return done;
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
  stopped_.notify_all();
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
