#include "pipeline/run.h"

#include <cstdlib>

#include "base/log.h"
#include "plan/state_bound.h"
#include "state/local_log.h"

namespace millrace {
namespace {

/// Tests cut batches and commits small by these; users have no reason to.
uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// By operator, all whose rows come to it.
std::map<std::string, std::set<std::string>> upstream_of(const Graph& graph) {
  std::map<const Node*, std::string> names;
  for (const NamedOperator& op : graph.operators) names[op.node] = op.node->name();
  std::map<std::string, std::set<std::string>> upstream;
  std::map<const Node*, std::set<std::string>> above;  // Every node comes behind its inputs.
  for (const auto& node : graph.nodes) {
    std::set<std::string>& all = above[node.get()];
    for (const Input& input : node->inputs()) {
      all.merge(std::set<std::string>(above[input.node]));
      if (const auto name = names.find(input.node); name != names.end()) all.insert(name->second);
    }
    if (const auto name = names.find(node.get()); name != names.end()) {
      all.erase(name->second);  // An operator of several nodes.
      upstream[name->second] = all;
    }
  }
  return upstream;
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
  return task;
}

Result<Runner::Sources> Runner::open_sources(const Graph& graph, const Committer& committer,
                                             uint32_t flags) {
  Sources runners;
  for (const SourceStart& source : graph.sources) {
    runners.push_back(
        std::make_unique<SourceRunner>(source, config_.name.text, task_options().limits));
    MILLRACE_TRY(runners.back()->create());
    runners.back()->remember(source.node->duplicates());
  }
  for (size_t i = 0; i < runners.size(); ++i)
    MILLRACE_TRY(runners[i]->open(committer.resume()[i], committer.epoch(), flags));
  return runners;
}

/// Redis, if it is asked for, hears of every commit; nothing here waits for it.
std::unique_ptr<CacheWriter> Runner::start_cache(Committer& committer) {
  if (!config_.cache) return nullptr;
  auto url = parse_redis_url(config_.cache->redis);
  if (!url) return nullptr;  // The planner has told it.
  auto held = kept_ ? kept_->proven_copy() : std::nullopt;
  CacheWriter::Options options{*url, config_.cache->prefix, config_.name.text,
                               config_.cache->timeout_us,
                               static_cast<uint64_t>(config_.cache->max_pending_bytes)};
  auto writer =
      std::make_unique<CacheWriter>(std::move(options), *log_, committer.epoch(), std::move(held));
  committer.on_committed(
      [cache = writer.get()](Commit commit) { cache->committed(std::move(commit)); });
  return writer;
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

/// From an older commit, or the beginning, to the last one: sources are read again, sinks are mute.
Result<Ending> Runner::read_on(Graph& graph, Committer& committer, const KeptLog::Start& start) {
  log_info(start.cut ? "reading the sources on from commit " + std::to_string(start.cut->epoch)
                     : "reading the sources from their beginning");
  auto target = committer.restore_older(start.cut);
  if (!target) return target.error();
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  for (SinkNode* sink : graph.sinks) sink->set_mute(true);
  auto sources = open_sources(graph, committer, 0);
  if (!sources) return sources.error();
  TaskOptions options = task_options();
  options.read_on = std::move(*target);
  auto ending = run_task(graph, committer, *sources, std::move(options));
  for (auto& source : *sources) (void)source->close();
  for (SinkNode* sink : graph.sinks) sink->set_mute(false);
  if (!ending || *ending == Ending::kStopped) return ending;
  MILLRACE_TRY(committer.restore_rest());
  return ending;
}

/// The graph comes to the last commit. False: somebody asked to stop on the way.
Result<bool> Runner::restore(Graph& graph, Committer& committer, bool first) {
  if (!kept_) {
    MILLRACE_TRY(committer.restore(first ? options_.forget : std::vector<std::string>()));
  } else {
    auto start = kept_->take_over();
    if (!start) return start.error();
    if (!start->is_last) {
      auto ending = read_on(graph, committer, *start);
      if (!ending) return ending.error();
      unproven_ = true;
      return *ending != Ending::kStopped;
    }
    MILLRACE_TRY(committer.restore({}));
  }
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  return true;
}

Result<bool> Runner::begin(Graph& graph, Committer& committer, bool first) {
  auto begun = committer.fresh_was_begun();
  if (!begun) return begun.error();
  const bool fresh = (options_.fresh && first) || *begun;
  unproven_ = false;
  if (kept_) kept_->set_upstream(upstream_of(graph));
  if (fresh) {
    if (kept_) kept_->begin_fresh();
    MILLRACE_TRY(committer.begin_fresh());
    for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  } else {
    auto restored = restore(graph, committer, first);
    if (!restored || !*restored) return restored;
  }
  for (SinkNode* sink : graph.sinks) {
    MILLRACE_TRY(
        sink->outlet().open(committer.epoch(), fresh ? MR_OPEN_FRESH : 0, log_->state_id()));
  }
  return true;
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

Result<void> Runner::open_log(bool first) {
  if (options_.open_log) {
    log_.reset();
    auto log = options_.open_log();
    if (!log) return log.error();
    log_ = std::move(*log);
    return {};
  }
  if (!first) return {};
  auto log = open_local_log();
  if (!log) return log.error();
  log_ = std::move(*log);
  return {};
}

/// The log on this machine; under `keep: "cache"` for what is small.
Result<std::unique_ptr<CommitLog>> Runner::open_local_log() {
  auto log = LocalLog::open({config_.commit.dir, config_.name.text});
  if (!log) return log.error();
  // A disk too full for the copy is no reason not to run.
  if (auto compacted = (*log)->compact_if_sparse(); !compacted) log_warn(compacted.error().message);
  if (config_.commit.keep == CommitConfig::Keep::kLog) {
    if (!options_.fresh) MILLRACE_TRY(refuse_kept_elsewhere(**log));
    return std::unique_ptr<CommitLog>(std::move(*log));
  }
  auto url = parse_redis_url(config_.cache->redis);
  if (!url) return url.error();
  auto kept = std::make_unique<KeptLog>(
      std::move(*log),
      KeptLog::Options{*url, config_.cache->prefix, config_.name.text, config_.cache->timeout_us});
  kept_ = kept.get();
  return std::unique_ptr<CommitLog>(std::move(kept));
}

/// A log elsewhere may be away for a while: doubling waits, from 100 ms to 5 s. False: stop.
bool Runner::pause(int failures) {
  constexpr int64_t kFirstMs = 100, kLongestMs = 5'000;
  const int64_t wait_ms = std::min(kFirstMs << std::min(failures, 10), kLongestMs);
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, std::chrono::milliseconds(wait_ms),
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
