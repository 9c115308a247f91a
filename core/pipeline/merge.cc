#include "pipeline/merge.h"

namespace millrace {

Merge::Merge(std::vector<const SourceNode*> sources, bool by_arrival, int64_t max_idle_us)
    : inputs_(sources.size()),
      by_arrival_(by_arrival || sources.size() == 1),
      max_idle_us_(max_idle_us) {
  for (size_t i = 0; i < sources.size(); ++i) inputs_[i].node = sources[i];
}

Merge::Slot* Merge::push(size_t source, std::unique_ptr<Chunk> chunk) {
  auto slot = std::make_unique<Slot>();
  slot->chunk = std::move(chunk);
  Slot* raw = slot.get();
  inputs_[source].queue.push_back({std::move(slot), arrivals_++});
  return raw;
}

void Merge::set_at_proven_end(size_t source, bool at_end, int64_t now_us) {
  InputQueue& input = inputs_[source];
  if (at_end && !input.at_proven_end) input.proven_us = now_us;
  input.at_proven_end = at_end;
}

bool Merge::empty() const {
  for (const InputQueue& input : inputs_) {
    if (!input.queue.empty()) return false;
  }
  return true;
}

std::optional<Merge::Next> Merge::next_by_arrival() const {
  const InputQueue* first = nullptr;
  for (const InputQueue& input : inputs_) {
    if (input.queue.empty()) continue;
    if (!first || input.queue.front().arrival < first->queue.front().arrival) first = &input;
  }
  if (!first || !first->queue.front().slot->prepared) return std::nullopt;
  Chunk* chunk = first->queue.front().slot->chunk.get();
  return Next{static_cast<size_t>(first - inputs_.data()), chunk, {0, chunk->records, true}};
}

/// Records without a usable time go at once: they release nothing and hold nothing back.
EventTime Merge::head_time(const InputQueue& input) const {
  const Chunk& chunk = *input.queue.front().slot->chunk;
  if (chunk.applied >= chunk.records) return kTimeNone;
  return input.node->times(chunk)[chunk.applied];
}

std::optional<Merge::Next> Merge::next(int64_t now_us) const {
  if (by_arrival_) return next_by_arrival();
  const InputQueue* best = nullptr;
  EventTime best_time = 0;
  EventTime other_time = kTimeMax;    // The smallest head of the others...
  const InputQueue* other = nullptr;  // ...and whose it is, for ties.
  for (const InputQueue& input : inputs_) {
    if (input.queue.empty()) {
      const bool waited = now_us >= saturating_add(input.proven_us, max_idle_us_);
      if (input.ended || (input.at_proven_end && waited)) continue;
      return std::nullopt;
    }
    if (!input.queue.front().slot->prepared) return std::nullopt;
    const EventTime time = head_time(input);
    if (!best || time < best_time) {
      other = best;
      other_time = best ? best_time : kTimeMax;
      best = &input;
      best_time = time;
    } else if (!other || time < other_time) {
      other = &input;
      other_time = time;
    }
  }
  if (!best) return std::nullopt;
  Chunk* chunk = best->queue.front().slot->chunk.get();
  const EventTime* times = best->node->times(*chunk);
  uint32_t end = chunk->applied;
  const bool wins_ties = !other || best < other;
  while (end < chunk->records &&
         (!other || times[end] < other_time || (times[end] == other_time && wins_ties))) {
    ++end;
  }
  return Next{static_cast<size_t>(best - inputs_.data()),
              chunk,
              {chunk->applied, end, end == chunk->records}};
}

std::unique_ptr<Chunk> Merge::applied(const Next& next) {
  next.chunk->applied = next.range.end;
  if (!next.range.last) return nullptr;
  auto& queue = inputs_[next.source].queue;
  std::unique_ptr<Chunk> chunk = std::move(queue.front().slot->chunk);
  queue.pop_front();
  return chunk;
}

}  // namespace millrace
