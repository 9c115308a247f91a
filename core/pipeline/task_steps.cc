// What a lane does: applies, commits, ticks, prepares and polls.
#include <algorithm>

#include "base/fault_point.h"
#include "pipeline/task.h"

namespace millrace {

bool Task::held_up() const {
  if (stop_asked_ || (!may_commit_here() && dirty_)) return false;
  return committer_.backlog_bytes() >= options_.outbox_limit_bytes;
}

/// Without the lock, what only one thread does at a time: it changes the state of the graph. False:
/// it failed, and so does the run.
template <class Work>
bool Task::apply_alone(Lock& lock, Work&& work) {
  applying_ = true;
  lock.unlock();
  const Result<void> result = work();
  lock.lock();
  applying_ = false;
  if (!result) fail(lock, result.error());
  wake();
  return static_cast<bool>(result);
}

bool Task::try_apply(Lock& lock) {
  if (applying_ || held_up()) return false;
  for (size_t i = 0; i < inputs_.size() && !reads_on(); ++i) {
    // Behind its last record and in front of whatever comes next of the others: a place in the log.
    const Input& input = inputs_[i];
    const bool at_end = input.ended && input.runner->traits().bounded && merge_.queued(i) == 0;
    if (at_end) input.runner->start().node->set_at_end();
  }
  auto next = merge_.next(now_us());
  if (!next) return false;
  if (reads_on() && !cut_to_target(*next)) {
    read_on_ = true;
    wake();
    return false;
  }
  Input& input = inputs_[next->source];
  const bool done = apply_alone(lock, [&]() -> Result<void> {
    MILLRACE_TRY(apply(*next->chunk, next->range, input.reachable));
    note_applied(*next);
    MILLRACE_TRY(end_at_target(input));
    return commit_due() ? commit() : Result<void>();
  });
  if (!done) return true;
  if (auto chunk = merge_.applied(*next)) {
    if (chunk->tick) input.ticking = false;
    input.spare.push_back(std::move(chunk));
  }
  return true;
}

bool Task::try_commit(Lock& lock) {
  if (applying_ || !commit_due()) return false;
  apply_alone(lock, [this] { return commit(); });
  return true;
}

/// Operators that go by the clock hear it also where no input comes.
bool Task::try_tick(Lock& lock) {
  constexpr int64_t kTickUs = 100'000;
  if (applying_ || stop_asked_ || reads_on() || held_up() || now_us() < tick_at_us_) return false;
  tick_at_us_ = now_us() + kTickUs;
  std::vector<const Input*> ticking;
  for (const Input& input : inputs_) {
    if (input.ticks && !input.end_told) ticking.push_back(&input);
  }
  if (ticking.empty()) return false;
  apply_alone(lock, [&] { return tick(ticking); });
  return true;
}

bool Task::try_prepare(Lock& lock) {
  if (unprepared_.empty()) return false;
  Merge::Slot* slot = unprepared_.front();
  unprepared_.pop_front();
  ++preparing_;
  lock.unlock();
  prepare(*slot->chunk);
  fault_point("chunk.prepared");
  lock.lock();
  --preparing_;
  slot->prepared = true;
  wake();
  return true;
}

/// The source that is asked next: the one with the least in the queue of those that may be.
Task::Input* Task::next_to_poll() {
  // Credit: every lane has a chunk to prepare and one to come; more would only fill the cache.
  const size_t queue_max = options_.lanes * 2;
  const int64_t now = now_us();
  Input* best = nullptr;
  for (Input& input : inputs_) {
    const size_t queued = merge_.queued(place_of(input));
    if (input.polling || input.ended || input.poll_at_us > now || queued >= queue_max) continue;
    if (!best || queued < merge_.queued(place_of(*best))) best = &input;
  }
  return best;
}

bool Task::try_poll(Lock& lock) {
  if (stop_asked_ || read_on_) return false;
  Input* input = next_to_poll();
  if (!input) return false;
  input->polling = true;
  auto spare = std::move(input->spare);
  input->spare.clear();
  constexpr int64_t kAloneUs = 50'000, kAmongOthersUs = 2'000;
  const int64_t deadline = now_us() + (inputs_.size() == 1 ? kAloneUs : kAmongOthersUs);
  lock.unlock();
  auto polled = input->runner->poll(deadline, spare);
  if (broken_on_purpose("poll_beside")) input->polling = false;
  if (polled) {
    for (auto& chunk : polled->chunks) ready_work(*chunk);
  }
  fault_point("chunk.polled");
  lock.lock();
  input->polling = false;
  for (auto& chunk : spare) input->spare.push_back(std::move(chunk));
  if (polled) {
    take_in(*input, std::move(*polled), deadline);
  } else if (!stop_asked_ || polled.error().code != Code::kCancelled) {
    fail(lock, polled.error());
  }
  wake();
  return true;
}

void Task::take_in(Input& input, SourceRunner::Polled polled, int64_t deadline_us) {
  const size_t place = place_of(input);
  for (auto& chunk : polled.chunks) unprepared_.push_back(merge_.push(place, std::move(chunk)));
  input.ended = polled.end;
  merge_.set_at_proven_end(place, polled.at_proven_end && !input.runner->traits().bounded,
                           now_us());
  if (!polled.end && polled.retry_in_us == 0) push_tick(place);
  if (polled.end) {
    // The end has its place in the order: behind the last record of its source, so that a source
    // at its end holds back nobody's watermark.
    if (bounded_) {
      unprepared_.push_back(merge_.push(place, end_of(input)));
      input.end_told = true;
    }
    merge_.end(place);
  }
  // A source that has nothing, and did not wait for it, is not asked again at once.
  constexpr int64_t kIdlePauseUs = 5'000;
  const bool idle_at_once = polled.idle && now_us() < deadline_us;
  const int64_t pause_us = polled.retry_in_us ? polled.retry_in_us
                           : idle_at_once     ? kIdlePauseUs
                                              : 0;
  input.poll_at_us = pause_us ? now_us() + pause_us : 0;
}

}  // namespace millrace
