#include "worker/worker.h"

#include <algorithm>

#include "base/log.h"
#include "json/document.h"
#include "kafka/kafka_log.h"
#include "kafka/topics.h"
#include "worker/blocks_in_cache.h"

namespace millrace {
namespace {

/// The group answers within this; tasks that ended are looked after as often.
constexpr int kWaitMs = 50;

/// What only a member of a group has, of librdkafka's properties.
bool is_members(const std::string& property) {
  constexpr const char* kMembers[] = {"group.instance.id", "session.timeout.ms",
                                      "heartbeat.interval.ms", "max.poll.interval.ms"};
  return std::find(std::begin(kMembers), std::end(kMembers), property) != std::end(kMembers);
}

std::vector<std::string> topics_of(const JsonValue& source) {
  const JsonValue* topics = source.find("topics");
  if (!topics) return {};
  if (topics->is_string()) return {topics->as_string()};
  std::vector<std::string> out;
  for (const JsonValue& one : topics->items()) out.push_back(one.as_string());
  return out;
}

}  // namespace

/// One task at work. The thread that runs it writes `done` and `result` before `finished`.
struct Worker::TaskRun {
  TaskRun(const PipelineConfig& all, int32_t task, const PluginIndex& plugins)
      : number(task), config(all), plugins(plugins) {
    config.commit.task = task;
  }
  void stop() {
    stopping.store(true);
    if (runner) runner->stop();
  }

  const int32_t number;
  PipelineConfig config;
  const PluginIndex& plugins;
  std::unique_ptr<Runner> runner;
  std::atomic<bool> stopping{false}, finished{false};
  Result<void> done;
  RunResult result;
  std::thread thread;
};

Worker::Worker(const PipelineConfig& config, const PluginIndex& plugins, RunOptions options)
    : config_(config), plugins_(plugins), options_(std::move(options)) {
  cluster_.brokers = member_cluster_.brokers = config.commit.brokers.text;
  member_cluster_.properties = config.commit.client;
  for (const auto& property : config.commit.client) {
    if (!is_members(property.first)) cluster_.properties.push_back(property);
  }
  for (const SourceConfig& source : config.sources) {
    const auto parsed = parse_json(source.plugin_config, "");
    if (!parsed) continue;  // Told before.
    for (std::string& topic : topics_of(parsed->root)) topics_.push_back(std::move(topic));
    const JsonValue* group = parsed->root.find("group");
    if (group && group->is_string()) group_ = group->as_string();
  }
  for (const SinkConfig& sink : config.sinks) {
    const auto parsed = parse_json(sink.plugin_config, "");
    const JsonValue* topic = parsed ? parsed->root.find("topic") : nullptr;
    const JsonValue* brokers = parsed ? parsed->root.find("brokers") : nullptr;
    const bool ours = brokers && brokers->is_string() && brokers->as_string() == cluster_.brokers;
    if (sink.plugin.text == "kafka" && ours && topic && topic->is_string())
      topics_written_.push_back(topic->as_string());
  }
  if (group_.empty()) group_ = "connect-" + config.name.text;
}

Worker::~Worker() = default;

bool Worker::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_asked_;
}

Result<void> Worker::make_topics() {
  auto partitions = kafka::common_partitions(cluster_, topics_);
  if (!partitions) return partitions.error();
  partitions_ = *partitions;
  std::vector<kafka::TopicPlan> topics{kafka::changelog_plan(config_.name.text, partitions_)};
  if (config_.dead_letters_on) topics.push_back(kafka::dead_letters_plan(config_.name.text));
  for (const SinkConfig& sink : config_.sinks) {
    if (sink.repartition)
      topics.push_back(
          kafka::repartition_plan(config_.name.text + "." + sink.name.text, partitions_));
  }
  MILLRACE_TRY(
      kafka::ensure_topics(cluster_, topics, static_cast<int32_t>(config_.commit.replication)));
  return kafka::require_topics(cluster_, topics_written_);
}

Result<void> Worker::join() {
  auto membership = kafka::Membership::join({member_cluster_, group_, topics_});
  if (!membership) return membership.error();
  membership_ = std::move(*membership);
  return {};
}

Result<void> Worker::run(Plan first, RunResult& result) {
  for (size_t i = 0; i < first.graph.written_sinks; ++i) {
    const SinkNode* sink = first.graph.sinks[i];
    done_.sinks.push_back({sink->name(), sink->plan().delivery});
  }
  auto done = join();
  if (done) done = work();
  // Whatever ended it, what is applied is committed, and the group need not wait for a time-out.
  stop_tasks();
  if (membership_) membership_->leave();
  result = so_far();
  result.ending = stopping() ? Ending::kStopped : Ending::kEnded;
  return done;
}

Result<void> Worker::work() {
  while (!stopping()) {
    auto change = membership_->next(kWaitMs);
    if (!change) return change.error();
    MILLRACE_TRY(take(*change));
    MILLRACE_TRY(look_after_tasks());
    if (rejoin_ && change->what == kafka::GroupChange::What::kNone) {
      log_warn("a task is somebody else's by now; joining group " + group_ + " again");
      stop_tasks();
      MILLRACE_TRY(membership_->rejoin());
      rejoin_ = given_ = false;
    }
    if (options_.until_end && given_ && all_done()) return {};
  }
  return {};
}

Result<void> Worker::take(const kafka::GroupChange& change) {
  using What = kafka::GroupChange::What;
  if (change.what == What::kNone) return {};
  stop_tasks();
  membership_->done(change);
  given_ = change.what == What::kGiven;
  rejoin_ = false;
  if (!given_) return {};
  if (!change.tasks.empty() && change.tasks.back() >= partitions_) {
    return Error{Code::kFailed,
                 "the source's topics were widened, which moves keys to other "
                 "partitions than their state: go on under another \"pipeline\" "
                 "name"};
  }
  std::string numbers;
  for (const int32_t task : change.tasks) numbers += " " + std::to_string(task);
  log_info("group " + group_ + " gives this worker " +
           (numbers.empty() ? "no partition" : "partitions" + numbers) + " of " +
           std::to_string(partitions_));
  for (const int32_t task : change.tasks) {
    if (!ended_.contains(task)) start_task(task);
  }
  return {};
}

void Worker::start_task(int32_t number) {
  const std::lock_guard lock(mutex_);
  auto& task = tasks_[number] = std::make_unique<TaskRun>(config_, number, plugins_);
  auto& figures = figures_[number];
  if (!figures) figures = std::make_unique<kafka::LogFigures>();
  RunOptions options = options_;
  options.lanes = std::max(1u, options_.lanes / static_cast<unsigned>(partitions_));
  options.open_log = [this, task = task.get(),
                      figures = figures.get()]() -> Result<std::unique_ptr<CommitLog>> {
    const auto stopping = [task] { return task->stopping.load(); };
    auto log = kafka::KafkaLog::open(
        {cluster_, config_.name.text, task->number, partitions_,
         !config_.commit.together_for.empty(), config_.commit.dir, *membership_, *figures, stopping,
         blocks_in_cache(config_, task->number, options_.seams.connect_cache, stopping)});
    if (!log) return log.error();
    return std::unique_ptr<CommitLog>(std::move(*log));
  };
  task->runner = std::make_unique<Runner>(task->config, plugins_, std::move(options));
  task->thread = std::thread([this, task = task.get()] { work_on(*task); });
}

void Worker::work_on(TaskRun& task) {
  Faults faults;
  auto plan = make_plan(task.config, plugins_, faults);
  if (!plan) {
    task.done = plan.error();
  } else if (!*plan) {
    task.done = faults.error();
  } else {
    task.done = task.runner->run(std::move(**plan), task.result);
  }
  task.finished.store(true, std::memory_order_release);
}

void Worker::keep_result(const TaskRun& task) {
  done_.commits += task.result.commits;
  add(done_.run, task.result.run);
  totals_[task.number] = task.result.total;
  records_done_ += task.runner->records();
}

void Worker::stop_tasks() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [number, task] : tasks_) task->stop();
  }
  for (auto& [number, task] : tasks_) {
    if (task->thread.joinable()) task->thread.join();
    if (task->done) continue;
    log_info("task " + std::to_string(number) + ": " + task->done.error().message);
  }
  const std::lock_guard lock(mutex_);
  for (auto& [number, task] : tasks_) keep_result(*task);
  tasks_.clear();
}

Result<void> Worker::look_after_tasks() {
  std::vector<int32_t> finished;
  for (const auto& [number, task] : tasks_) {
    if (task->finished.load(std::memory_order_acquire)) finished.push_back(number);
  }
  for (const int32_t number : finished) {
    TaskRun& task = *tasks_[number];
    task.thread.join();
    Result<void> done = std::move(task.done);
    const std::lock_guard lock(mutex_);
    keep_result(task);
    tasks_.erase(number);
    if (done) {
      ended_.insert(number);
      continue;
    }
    // Everything that may pass is tried again by the task itself.
    if (done.error().code != Code::kCancelled)
      return done.error().in("task " + std::to_string(number));
    log_info("task " + std::to_string(number) + ": " + done.error().message);
    rejoin_ = true;
  }
  return {};
}

bool Worker::all_done() const {
  const std::lock_guard lock(mutex_);
  return tasks_.empty() && !rejoin_;
}

void Worker::stop() {
  const std::lock_guard lock(mutex_);
  stop_asked_ = true;
}

uint64_t Worker::records() const {
  const std::lock_guard lock(mutex_);
  uint64_t records = records_done_;
  for (const auto& [number, task] : tasks_) records += task->runner->records();
  return records;
}

void Worker::look_at_graph(const std::function<void(const Graph&)>& look) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, task] : tasks_) task->runner->look_at_graph(look);
}

RunResult Worker::so_far() const {
  const std::lock_guard lock(mutex_);
  RunResult result = done_;
  std::map<int32_t, Ledger> totals = totals_;
  for (const auto& [number, task] : tasks_) {
    const RunResult one = task->runner->so_far();
    result.commits += one.commits;
    add(result.run, one.run);
    totals[number] = one.total;
  }
  for (const auto& [number, total] : totals) add(result.total, total);
  for (const auto& [number, figures] : figures_) {
    const RestoredTask one = restored(number, *figures);
    if (one.cache_bytes + one.changelog_bytes > 0) result.restored.push_back(one);
  }
  return result;
}

}  // namespace millrace
