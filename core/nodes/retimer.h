#pragma once

/// `event_time` of a stateless operator (semantics R41): its rows get a time of their own, read
/// from a field of what it puts out, and its watermark is made from those times, per partition of
/// each source. Of the watermark above only idleness and ends count, where the source tells them.
/// All rows of one source record are judged against W as it stood before that record, so elements
/// of one array cannot make each other late. Rows that were filtered out move nothing; that their
/// record came ends the idleness of its partition all the same.
/// Threads: prepare any; the rest belongs to the applying thread.

#include <string>
#include <vector>

#include "functions/row_errors.h"
#include "nodes/event_times.h"
#include "nodes/node.h"
#include "window/input_watermarks.h"
#include "window/partition_watermarks.h"

namespace millrace {

class SourceNode;

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
  EventTime watermark() const { return watermark_; }

  void save(JsonValue& meta) const;
  /// False: what was stored is damaged.
  bool restore(const JsonValue& meta);

 private:
  struct Upstream {
    const SourceNode* source;
    PartitionWatermarks partitions;
    bool ended = false;
  };
  void add_sources(const Node& node, std::vector<const SourceNode*>& out) const;
  void observe(Upstream& mine, const RowsView& rows, const Chunk& chunk, uint32_t record,
               uint32_t& next) const;
  EventTime merged();

  RetimePlan plan_;
  std::vector<Upstream> upstreams_;
  InputWatermarks merged_{0};
  EventTime watermark_ = kTimeNone;
};

}  // namespace millrace
