#include "pipeline/task.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

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
      commits_(committer),
      options_(options),
      merge_(nodes_of(sources), merges_by_arrival(sources), graph.max_task_idle_us),
      can_skip_(!merges_by_arrival(sources)) {
  for (size_t i = 0; i < sources.size(); ++i) {
    Input& input = inputs_.emplace_back();
    input.runner = sources[i];
    input.reachable = graph.reachable(*sources[i]->start().node);
    input.resume = committer.resume()[i];
    if (reads_on()) input.left = options_.read_on->records[i];
    input.ticks = std::any_of(input.reachable.begin(), input.reachable.end(),
                              [&](uint32_t node) { return graph.nodes[node]->goes_by_clock(); });
  }
  // Ends that reading on meets are told when it is done.
  bounded_ = !reads_on() &&
             std::all_of(sources.begin(), sources.end(),
                         [](const SourceRunner* source) { return source->traits().bounded; });
}

Task::~Task() = default;

Result<Ending> Task::run() {
  last_commit_us_ = progressed_us_ = monotonic_us();
  std::vector<std::thread> others;
  for (unsigned i = 1; i < options_.lanes; ++i) others.emplace_back([this] { lane(); });
  lane();
  for (std::thread& other : others) other.join();
  {
    Lock lock(mutex_);
    lanes_ended_ = true;
  }
  if (error_) return *error_;
  if (reads_on()) return end_reading_on();
  const bool stopped = stop_asked_.load();
  if ((bounded_ && !stopped) || options_.drain) MILLRACE_TRY(close_windows());
  MILLRACE_TRY(last_commits(stopped));
  return stopped ? Ending::kStopped : Ending::kEnded;
}

/// Commits what is there, waits until sinks have it, and commits that they have.
Result<void> Task::last_commits(bool stopped) {
  MILLRACE_TRY(commits_.wait());
  // The first commit also records what sinks found when they were opened: made even if idle.
  if (dirty_ || committer_.commits() == 0) MILLRACE_TRY(commit());
  MILLRACE_TRY(commits_.wait());
  constexpr int64_t kLookUs = 50'000, kPatienceUs = 5 * kSecondUs;
  int64_t give_up_us = stopped ? monotonic_us() + kPatienceUs : kTimeMax;
  bool more = false;
  while (true) {
    auto settled = committer_.settle(monotonic_us() + kLookUs);
    if (!settled) return settled.error();
    more = *settled;
    if (committer_.backlog_bytes() == 0) break;
    if (!stopped && stop_asked_) {
      stopped = true;
      give_up_us = monotonic_us() + kPatienceUs;
    }
    if (monotonic_us() < give_up_us) continue;
    log_warn("sinks have not taken all rows; those wait in the outbox for the next run");
    break;
  }
  if (more) MILLRACE_TRY(commit());
  return commits_.wait();
}

void Task::lane() {
  Lock lock(mutex_);
  while (!finished()) {
    if (!step(lock)) wait(lock);
  }
  changed_.notify_all();
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
  if (stop_asked_) return unprepared_.empty() && !merge_.next(monotonic_us());
  return merge_.empty() &&
         std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.ended; });
}

std::optional<Error> Task::failure_beside() const {
  if (auto failure = commits_.failure()) return failure;
  return committer_.sink_failure();
}

bool Task::step(Lock& lock) {
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
  if (reads_on() && !error_ && !read_on_ && monotonic_us() > progressed_us_ + kPatienceUs) {
    fail(lock, {Code::kUnavailable, "a source no longer gives records that it gave before"});
    return;
  }
  // Clocks (commits, stop) are looked at this often; polls that are due, and work, wake earlier.
  constexpr int64_t kTickUs = 20'000;
  const int64_t now = monotonic_us();
  int64_t until = now + kTickUs;
  for (const Input& input : inputs_) {
    if (!input.polling && !input.ended && input.poll_at_us > now)
      until = std::min(until, input.poll_at_us);
  }
  changed_.wait_for(lock, std::chrono::microseconds(until - now));
}

void Task::fail(Lock&, Error error) {
  if (!error_) error_ = std::move(error);
  for (Input& input : inputs_) input.runner->cancel();
  changed_.notify_all();
}

bool Task::held_up() const {
  if (stop_asked_ || (!may_commit_here() && dirty_)) return false;
  return committer_.backlog_bytes() >= options_.outbox_limit_bytes;
}

bool Task::try_apply(Lock& lock) {
  if (applying_ || held_up()) return false;
  for (size_t i = 0; i < inputs_.size() && !reads_on(); ++i) {
    // Behind its last record and in front of whatever comes next of the others: a place in the log.
    const Input& input = inputs_[i];
    const bool at_end = input.ended && input.runner->traits().bounded && merge_.queued(i) == 0;
    if (at_end) input.runner->start().node->set_at_end();
  }
  auto next = merge_.next(monotonic_us());
  if (!next) return false;
  if (reads_on() && !cut_to_target(*next)) {
    read_on_ = true;
    changed_.notify_all();
    return false;
  }
  applying_ = true;
  lock.unlock();
  auto result = apply(*next->chunk, next->range, inputs_[next->source].reachable);
  if (result) {
    note_applied(*next);
    if (commit_due()) result = commit();
  }
  lock.lock();
  applying_ = false;
  if (!result) {
    fail(lock, result.error());
    return true;
  }
  if (auto chunk = merge_.applied(*next)) {
    Input& input = inputs_[next->source];
    if (chunk->tick) input.ticking = false;
    input.spare.push_back(std::move(chunk));
  }
  changed_.notify_all();
  return true;
}

bool Task::try_commit(Lock& lock) {
  if (applying_ || !commit_due()) return false;
  applying_ = true;
  lock.unlock();
  auto result = commit();
  lock.lock();
  applying_ = false;
  if (!result) fail(lock, result.error());
  changed_.notify_all();
  return true;
}

/// Operators that go by the clock hear it also where no input comes.
bool Task::try_tick(Lock& lock) {
  constexpr int64_t kTickUs = 100'000;
  if (applying_ || stop_asked_ || reads_on() || held_up() || monotonic_us() < tick_at_us_)
    return false;
  tick_at_us_ = monotonic_us() + kTickUs;
  std::vector<const Input*> ticking;
  for (const Input& input : inputs_) {
    if (input.ticks && !input.end_told) ticking.push_back(&input);
  }
  if (ticking.empty()) return false;
  applying_ = true;
  lock.unlock();
  auto result = tick(ticking);
  lock.lock();
  applying_ = false;
  if (!result) fail(lock, result.error());
  changed_.notify_all();
  return true;
}

bool Task::try_prepare(Lock& lock) {
  if (unprepared_.empty()) return false;
  Merge::Slot* slot = unprepared_.front();
  unprepared_.pop_front();
  ++preparing_;
  lock.unlock();
  prepare(*slot->chunk);
  lock.lock();
  --preparing_;
  slot->prepared = true;
  changed_.notify_all();
  return true;
}

bool Task::try_poll(Lock& lock) {
  if (stop_asked_ || read_on_) return false;
  const int64_t now = monotonic_us();
  // Credit: every lane has a chunk to prepare and one to come; more would only fill the cache.
  const size_t queue_max = options_.lanes * 2;
  size_t best = inputs_.size();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Input& input = inputs_[i];
    if (input.polling || input.ended || input.poll_at_us > now || merge_.queued(i) >= queue_max)
      continue;
    if (best == inputs_.size() || merge_.queued(i) < merge_.queued(best)) best = i;
  }
  if (best == inputs_.size()) return false;
  Input& input = inputs_[best];
  input.polling = true;
  auto spare = std::move(input.spare);
  input.spare.clear();
  lock.unlock();
  constexpr int64_t kAloneUs = 50'000, kAmongOthersUs = 2'000;
  const int64_t deadline = now + (inputs_.size() == 1 ? kAloneUs : kAmongOthersUs);
  auto polled = input.runner->poll(deadline, spare);
  if (polled) {
    for (auto& chunk : polled->chunks) ready_work(*chunk);
  }
  lock.lock();
  input.polling = false;
  for (auto& chunk : spare) input.spare.push_back(std::move(chunk));
  if (!polled) {
    if (!stop_asked_ || polled.error().code != Code::kCancelled) fail(lock, polled.error());
    return true;
  }
  for (auto& chunk : polled->chunks) unprepared_.push_back(merge_.push(best, std::move(chunk)));
  input.ended = polled->end;
  merge_.set_at_proven_end(best, polled->at_proven_end && !input.runner->traits().bounded,
                           monotonic_us());
  if (!polled->end && polled->retry_in_us == 0) push_tick(best);
  if (polled->end) {
    // The end has its place in the order: behind the last record of its source, so that a source
    // at its end holds back nobody's watermark.
    if (bounded_) {
      unprepared_.push_back(merge_.push(best, end_of(input)));
      input.end_told = true;
    }
    merge_.end(best);
  }
  // A source that has nothing, and did not wait for it, is not asked again at once.
  constexpr int64_t kIdlePauseUs = 5'000;
  const bool idle_at_once = polled->idle && monotonic_us() < deadline;
  const int64_t pause_us = polled->retry_in_us ? polled->retry_in_us
                           : idle_at_once      ? kIdlePauseUs
                                               : 0;
  input.poll_at_us = pause_us ? monotonic_us() + pause_us : 0;
  changed_.notify_all();
  return true;
}

void Task::look_at_graph(const std::function<void(const Graph&)>& look) {
  Lock lock(mutex_);
  ++asked_;
  changed_.wait(lock, [this] { return !applying_; });
  --asked_;
  if (!lanes_ended_) look(graph_);
}

void Task::note_applied(const Merge::Next& next) {
  const uint64_t records = next.range.end - next.range.begin;
  Input& input = inputs_[next.source];
  records_applied_.fetch_add(records, std::memory_order_relaxed);
  uncommitted_records_ += records;
  dirty_ = true;
  input.resume.skip += records;
  input.resume.applied += records;
  if (records > 0) at_resume_point_ = false;
  if (!next.range.last || !next.chunk->has_snapshot) return;
  input.resume = {next.chunk->snapshot, next.chunk->skip, {}, input.resume.applied};
  at_resume_point_ = true;
}

/// By time; but a commit that takes long makes the next one wait, so that at most a quarter of the
/// time goes into commits and what comes meanwhile is committed at once.
bool Task::commit_due() const {
  if (reads_on() || !may_commit_here()) return false;
  if (options_.commit_every_records) return uncommitted_records_ >= options_.commit_every_records;
  if (commits_.busy()) return false;
  if (committer_.backlog_bytes() >= options_.outbox_limit_bytes) return true;
  constexpr int64_t kShare = 4;
  const int64_t every_us =
      std::max(options_.commit_every_us, kShare * (barrier_us_ + commits_.last_us()));
  return monotonic_us() - last_commit_us_ >= every_us;
}

Result<void> Task::commit() {
  MILLRACE_TRY(commits_.wait());
  MILLRACE_TRY(check_state_size());
  std::vector<ResumePoint> points;
  std::vector<SourceRunner*> runners;
  for (const Input& input : inputs_) {
    points.push_back(input.resume);
    runners.push_back(input.runner);
  }
  last_commit_us_ = monotonic_us();
  auto open = committer_.begin(points, std::move(runners));
  if (!open) return open.error();
  barrier_us_ = monotonic_us() - last_commit_us_;
  uncommitted_records_ = 0;
  dirty_ = false;
  return commits_.start(std::move(*open));
}

/// State must not grow until the next commit, which may be an hour away. Counting costs little, but
/// more where there is more.
std::optional<Error> Task::look_at_state() {
  constexpr int64_t kEveryUs = 100'000, kShare = 50;
  const int64_t now = monotonic_us();
  if (now < look_at_state_us_) return std::nullopt;
  const auto fits = check_state_size();
  look_at_state_us_ = now + std::max(kEveryUs, kShare * (monotonic_us() - now));
  return fits ? std::nullopt : std::optional(fits.error());
}

namespace {

std::string size_text(uint64_t bytes) {
  constexpr uint64_t kMiB = 1 << 20;
  const bool large = bytes >= 10 * kMiB || bytes % kMiB == 0;
  return fmt::format("{} {}", bytes >> (large ? 20 : 10), large ? "MiB" : "KiB");
}

}  // namespace

Result<void> Task::check_state_size() const {
  if (!options_.state_limit_bytes) return {};
  size_t total = 0;
  std::string figures;
  for (const NamedOperator& op : graph_.operators) {
    const size_t bytes = op.node->state_bytes();
    total += bytes;
    if (bytes) figures += fmt::format(" {} {};", op.node->name(), size_text(bytes));
  }
  if (total <= options_.state_limit_bytes) return {};
  return Error{
      Code::kFailed,
      fmt::format(
          "state takes {}, more than limits.state allows ({}):{} make windows smaller, group "
          "by less, or raise limits.state",
          size_text(total), size_text(options_.state_limit_bytes), figures)};
}

}  // namespace millrace
