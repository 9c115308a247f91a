#pragma once

/// The event time that a source's node will give to a record, read before the record is in a batch:
/// for sources that put their partitions into one order by it (semantics R22, R42). The plan and
/// the readers are the node's own, so the two cannot differ, but for `max_future` by a clock that
/// has moved on. Only the field of the time is decoded: a record that is broken in another field
/// has its place in the order all the same, and leaves by `.errors` there.
/// Threads: the one that polls the source.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columns/json_decode.h"
#include "columns/json_encode.h"
#include "nodes/event_times.h"

namespace millrace {

class RecordTimes {
 public:
  explicit RecordTimes(EventTimePlan plan);
  RecordTimes(const RecordTimes&) = delete;
  RecordTimes& operator=(const RecordTimes&) = delete;

  /// `own`: what the source says of the time. `now_us`: wall clock, for `max_future`. kTimeNone:
  /// the record will leave by `.errors`; or, without `event_time`, its time is that of its arrival.
  EventTime read(std::string_view value, EventTime own, int64_t now_us);

 private:
  const Column* decode(std::string_view value);

  const EventTimePlan plan_;
  EventTimes times_;
  std::unique_ptr<JsonDecoder> decoder_;  ///< Null: nothing is decoded.
  ByteBuffer text_;
  std::vector<Column> column_;
  std::vector<BrokenValue> broken_;
};

}  // namespace millrace
