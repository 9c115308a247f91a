// Chunks on their way through the graph, and those that no poll brings: ticks and ends.
#include <algorithm>

#include "base/fault_point.h"
#include "pipeline/task.h"

namespace millrace {

void Task::ready_work(Chunk& chunk) const {
  if (!chunk.work.empty()) return;
  for (const auto& node : graph_.nodes) chunk.work.push_back(node->make_work());
}

void Task::prepare(Chunk& chunk) const {
  for (const auto& node : graph_.nodes) {
    const bool source = node->inputs().empty();
    if (source ? node->index() == chunk.source : node->prepares_ahead()) {
      if (source || node->reached_from(chunk.source)) node->prepare(chunk);
    }
  }
}

Result<void> Task::apply(Chunk& chunk, Range range, const std::vector<uint32_t>& reachable) {
  for (uint32_t index : reachable) {
    Node& node = *graph_.nodes[index];
    if (!node.prepares_ahead()) node.prepare(chunk);
    MILLRACE_TRY(node.apply(chunk, range));
  }
  fault_point("chunk.applied");
  return {};
}

/// Reading on ends with a record, wherever that lies in a chunk. False: it has ended.
bool Task::cut_to_target(Merge::Next& next) {
  const bool more = std::any_of(inputs_.begin(), inputs_.end(),
                                [](const Input& input) { return input.left > 0; });
  Input& input = inputs_[next.source];
  const uint32_t records = next.range.end - next.range.begin;
  if (!more || (input.left == 0 && records > 0)) return false;
  if (records > input.left) {
    next.range.end = next.range.begin + static_cast<uint32_t>(input.left);
    next.range.last = false;
  }
  input.left -= next.range.end - next.range.begin;
  progressed_us_ = now_us();
  return true;
}

/// What an end has closed is part of the commit, also where other sources went on.
Result<void> Task::end_at_target(Input& input) {
  if (!reads_on() || input.left > 0 || !input.ends_there || input.end_told) return {};
  return tell_end(input);
}

Result<void> Task::tell_end(Input& input) {
  const auto chunk = end_of(input);
  prepare(*chunk);
  MILLRACE_TRY(apply(*chunk, {0, 0, true}, input.reachable));
  input.end_told = input.end_applied = true;
  input.resume.ended = bounded_;
  return {};
}

Result<Ending> Task::end_reading_on() {
  if (stop_asked_) return Ending::kStopped;
  for (const Input& input : inputs_) {
    if (input.left == 0) continue;
    return Error{Code::kUnavailable, input.runner->start().node->name() +
                                         " does not give all records that it gave before"};
  }
  if (options_.read_on->closes) MILLRACE_TRY(close_windows());
  return Ending::kEnded;
}

/// The source was asked and could answer: behind what it gave, time-outs of its partitions may have
/// run out. What follows from that passes through the graph as an empty chunk, in the one order.
void Task::push_tick(size_t i) {
  Input& input = inputs_[i];
  if (input.ticking || machine_.wall_us() < input.runner->start().node->next_tick()) return;
  auto chunk = empty_chunk(input);
  chunk->tick = true;
  input.ticking = true;
  unprepared_.push_back(merge_.push(i, std::move(chunk)));
}

std::unique_ptr<Chunk> Task::empty_chunk(const Input& input) const {
  auto chunk = std::make_unique<Chunk>();
  chunk->source = input.runner->start().node->index();
  chunk->arrival_us = machine_.wall_us();
  ready_work(*chunk);
  return chunk;
}

/// The end passes through the graph as an empty chunk, behind which W is MAX.
std::unique_ptr<Chunk> Task::end_of(const Input& input) const {
  auto chunk = empty_chunk(input);
  chunk->end = true;
  return chunk;
}

uint64_t Task::rows_out() const {
  uint64_t rows = 0;
  for (const NamedOperator& op : graph_.operators) rows += op.node->counters.out;
  return rows;
}

/// Worth a commit only if rows came out: an idle pipeline writes nothing.
Result<void> Task::tick(const std::vector<const Input*>& inputs) {
  const uint64_t rows_before = rows_out();
  for (const Input* input : inputs) {
    const auto chunk = empty_chunk(*input);
    prepare(*chunk);
    MILLRACE_TRY(apply(*chunk, {0, 0, true}, input->reachable));
  }
  dirty_ = dirty_ || rows_out() != rows_before;
  return {};
}

/// Tells the end of all sources that have not told it, and remembers what it closed.
Result<void> Task::close_windows() {
  for (Input& input : inputs_) {
    if (input.end_told) continue;
    MILLRACE_TRY(tell_end(input));
    dirty_ = true;
  }
  seal_at_end();
  return {};
}

}  // namespace millrace
