#include "pipeline/task.h"

#include <algorithm>

namespace millrace {
namespace {

bool merges_by_arrival(const std::vector<SourceRunner*>& sources) {
  return std::any_of(sources.begin(), sources.end(), [](const SourceRunner* source) {
    return source->traits().replay != SourceTraits::Replay::kExact;
  });
}

std::vector<const SourceNode*> nodes_of(const std::vector<SourceRunner*>& sources) {
  std::vector<const SourceNode*> nodes;
  for (const SourceRunner* source : sources) nodes.push_back(source->start().node);
  return nodes;
}

}  // namespace

Task::Task(Graph& graph, Committer& committer, std::vector<SourceRunner*> sources,
           TaskOptions options)
    : graph_(graph),
      committer_(committer),
      machine_(*options.machine),
      commits_(committer, machine_),
      options_(options),
      merge_(nodes_of(sources), merges_by_arrival(sources), graph.max_task_idle_us),
      can_skip_(!merges_by_arrival(sources)) {
  for (size_t i = 0; i < sources.size(); ++i) {
    Input& input = inputs_.emplace_back();
    input.runner = sources[i];
    input.reachable = graph.reachable(*sources[i]->start().node);
    input.resume = committer.resume()[i];
    if (reads_on()) {
      input.left = options_.read_on->sources[i].records;
      input.ends_there = options_.read_on->sources[i].ended;
    }
    input.ticks = std::any_of(input.reachable.begin(), input.reachable.end(),
                              [&](uint32_t node) { return graph.nodes[node]->goes_by_clock(); });
  }
  // Ends that reading on meets are told when it is done.
  bounded_ = !reads_on() &&
             std::all_of(sources.begin(), sources.end(),
                         [](const SourceRunner* source) { return source->traits().bounded; });
  // Asked to close all windows, a source that never ends goes on with the next run.
  for (Input& input : inputs_) input.resume.ended = input.resume.ended && bounded_;
}

Task::~Task() = default;

Result<Ending> Task::run() {
  last_commit_us_ = progressed_us_ = now_us();
  for (Input& input : inputs_) MILLRACE_TRY(end_at_target(input));
  {
    std::vector<std::unique_ptr<Machine::Drive>> others;
    for (unsigned i = 1; i < options_.lanes; ++i) others.push_back(machine_.drive(*this, "lane"));
    lane();
  }
  {
    Lock lock(mutex);
    lanes_ended_ = true;
  }
  if (error_) return *error_;
  if (reads_on()) return end_reading_on();
  const bool stopped = stop_asked_.load();
  if ((bounded_ && !stopped) || options_.drain) MILLRACE_TRY(close_windows());
  MILLRACE_TRY(last_commits(stopped));
  return stopped ? Ending::kStopped : Ending::kEnded;
}

void Task::lane() {
  Lock lock(mutex);
  while (!finished()) {
    if (!try_step(lock)) wait(lock);
  }
  wake();
}

void Task::step(Lock& lock) {
  if (!try_step(lock)) rest();
}

/// Somebody has made work for others, or the way free.
void Task::wake() {
  rest_until_us_ = 0;
  changed.notify_all();
}

bool Task::finished() const {
  if (error_) return !applying_;
  if (applying_ || preparing_ > 0) return false;
  const bool polling =
      std::any_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.polling; });
  if (polling) return false;
  if (read_on_) return true;
  // A chunk whose place among the others is not known without reading on is read again at the next
  // start: a stop must not change the order (R22).
  if (stop_asked_) return unprepared_.empty() && !merge_.next(now_us());
  return merge_.empty() &&
         std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.ended; });
}

std::optional<Error> Task::failure_beside() const {
  if (auto failure = commits_.failure()) return failure;
  return committer_.sink_failure();
}

bool Task::try_step(Lock& lock) {
  if (error_ || (asked_ > 0 && !applying_)) return false;
  auto failure = failure_beside();
  if (!failure && !applying_) failure = look_at_state();
  if (failure) {
    fail(lock, std::move(*failure));
    return false;
  }
  return try_apply(lock) || try_tick(lock) || try_commit(lock) || try_prepare(lock) ||
         try_poll(lock);
}

void Task::wait(Lock& lock) {
  constexpr int64_t kPatienceUs = 60 * kSecondUs;
  if (reads_on() && !error_ && !read_on_ && now_us() > progressed_us_ + kPatienceUs) {
    fail(lock, {Code::kUnavailable, "a source no longer gives records that it gave before"});
    return;
  }
  machine_.wait(lock, changed, rest());
}

/// Nothing to do: until when.
int64_t Task::rest() {
  // Clocks (commits, stop) are looked at this often; polls that are due, and work, wake earlier.
  constexpr int64_t kTickUs = 20'000;
  const int64_t now = now_us();
  rest_until_us_ = now + kTickUs;
  for (const Input& input : inputs_) {
    if (!input.polling && !input.ended && input.poll_at_us > now)
      rest_until_us_ = std::min(rest_until_us_, input.poll_at_us);
  }
  return rest_until_us_;
}

void Task::fail(Lock&, Error error) {
  if (!error_) error_ = std::move(error);
  for (Input& input : inputs_) input.runner->cancel();
  wake();
}

void Task::look_at_graph(const std::function<void(const Graph&)>& look) {
  Lock lock(mutex);
  ++asked_;
  changed.wait(lock, [this] { return !applying_; });
  --asked_;
  if (!lanes_ended_) look(graph_);
}

}  // namespace millrace
