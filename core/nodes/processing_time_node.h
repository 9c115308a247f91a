#pragma once

/// In front of an operator whose windows go by the wall clock (semantics R38): its rows get the
/// time at which they came, and W is the clock. So every kind of window works by either time, no
/// row is late, and windows close by ticks of the task where no input comes. The clock is that of
/// the chunks and never goes back, not even over a restart.

#include "nodes/node.h"

namespace millrace {

class ProcessingTimeNode final : public Node {
 public:
  ProcessingTimeNode(std::string name, Input input);

  std::unique_ptr<NodeWork> make_work() const override;
  /// The clock moves in the order of the task, and what follows reads its times.
  bool parallel() const override { return false; }
  void prepare(Chunk&) const override {}
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }
  bool goes_by_clock() const override { return true; }
  bool idle() const override { return false; }  ///< The clock moves on without input.

  /// The latest time it has seen, for the commit.
  EventTime clock() const { return clock_; }
  void restore_clock(EventTime clock) { clock_ = clock; }

 private:
  struct Work;
  EventTime clock_ = kTimeNone;
  EventTime watermark_ = kTimeNone;
};

}  // namespace millrace
