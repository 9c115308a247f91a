#pragma once

/// The one order of a task (semantics R22): chunks of one source as they come; chunks of several
/// merged record by record by (event time, order in the configuration), so that how each source
/// was cut into chunks cannot show. Waits until every source that has not ended has a chunk,
/// unless the order is that of arrival (a source that cannot replay is among them).
/// Threads: the caller's lock.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "nodes/graph.h"

namespace millrace {

class Merge {
 public:
  /// `max_idle_us`: how long an empty source at its proven end is still waited for.
  Merge(std::vector<const SourceNode*> sources, bool by_arrival, int64_t max_idle_us = 0);

  struct Slot {
    std::unique_ptr<Chunk> chunk;
    bool prepared = false;
  };
  /// Adds a chunk behind those of its source. The slot stays where it is until taken.
  Slot* push(size_t source, std::unique_ptr<Chunk> chunk);
  void end(size_t source) { inputs_[source].ended = true; }
  /// The source has nothing more now, by its own word: while it is empty nobody waits for it longer
  /// than `max_idle_us` (R22: 0 behind the proven end of live input).
  void set_at_proven_end(size_t source, bool at_end, int64_t now_us = 0);

  struct Next {
    size_t source;
    Chunk* chunk;
    Range range;
  };
  /// What to apply next; nothing while an input is missing or not prepared.
  std::optional<Next> next(int64_t now_us = 0) const;
  /// `next` was applied. Returns the chunk when nothing of it is left.
  std::unique_ptr<Chunk> applied(const Next& next);

  size_t queued(size_t source) const { return inputs_[source].queue.size(); }
  bool empty() const;

 private:
  struct Queued {
    std::unique_ptr<Slot> slot;
    uint64_t arrival;
  };
  struct InputQueue {
    const SourceNode* node = nullptr;
    std::deque<Queued> queue;
    bool ended = false, at_proven_end = false;
    int64_t proven_us = 0;  ///< Since when it is at its proven end.
  };
  std::optional<Next> next_by_arrival() const;
  EventTime head_time(const InputQueue& input) const;

  std::vector<InputQueue> inputs_;
  bool by_arrival_;
  int64_t max_idle_us_;
  uint64_t arrivals_ = 0;
};

}  // namespace millrace
