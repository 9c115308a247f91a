#pragma once

/// `event_time` of a stateless operator (semantics R41): its rows get a time of their own, read
/// from a field of what it puts out, and its watermark is made from those times, per source. Of the
/// watermark above only the end of each source counts.
/// All rows of one source record are judged against W as it stood before that record, so elements
/// of one array cannot make each other late. Rows that were filtered out move nothing.
/// Threads: prepare any; the rest belongs to the applying thread.

#include <string>
#include <vector>

#include "expr/row_errors.h"
#include "nodes/event_times.h"
#include "nodes/node.h"
#include "window/watermark.h"

namespace millrace {

struct RetimePlan {
  uint32_t field = 0;  ///< Of the operator's main port.
  EventTimePlan time;
};

class Retimer {
 public:
  struct Work {
    explicit Work(const EventTimePlan& plan) : times(plan) {}
    EventTimes times;
    Buffer<EventTime> watermarks;
  };

  /// `below`: the operator's inputs; every source that reaches them counts by itself.
  Retimer(RetimePlan plan, const std::vector<Input>& below);

  const RetimePlan& plan() const { return plan_; }
  /// Gives the living rows their times. Rows without a usable one fail.
  void read(Work& work, Rows& rows, Selection live, int64_t now_us, RowErrors& errors) const;
  /// Moves W over the rows of the range and fills work.watermarks for its places.
  void advance(Work& work, const RowsView& rows, const Chunk& chunk, Range range);
  EventTime watermark() const;

  void save(JsonValue& meta) const;
  void restore(const JsonValue& meta);

 private:
  struct Partition {
    const Node* source;
    Watermark watermark;
    bool ended = false;
  };
  void add_sources(const Node& node);

  RetimePlan plan_;
  std::vector<Partition> partitions_;
  EventTime reached_ =
      kTimeNone;  ///< W never falls, whoever counts again (R15); the end is not stored.
};

}  // namespace millrace
