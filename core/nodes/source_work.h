#pragma once

/// Working memory of a SourceNode; included by source_node.cc, source_side_outputs.cc and
/// source_apply.cc only.

#include "columns/json_encode.h"
#include "nodes/source_node.h"

namespace millrace {

struct RecordFault {
  uint32_t record;
  const char* reason;
  std::string text;  ///< Used when `reason` is null.
};

struct SourceNode::Work final : NodeWork {
  explicit Work(const EventTimePlan& time) : event_times(time) {}
  EventTimes event_times;
  std::unique_ptr<JsonDecoder> decoder;  ///< Null until the first chunk: it knows what is wanted.
  std::vector<uint32_t> decoded_fields;  ///< Schema field per decoded column; the time comes last.
  size_t key_column = 0;                 ///< Decoded column of plan.key_field.
  ByteBuffer key_bytes;
  std::vector<mr_span> key_spans;
  std::vector<std::string_view> values;
  std::vector<Column> columns;
  std::vector<BrokenValue> broken;
  std::vector<RecordFault> faults;  ///< By rising record.
  Buffer<uint8_t> dead;
  Buffer<EventTime> time;
  Buffer<EventTime> watermarks;
  std::vector<uint8_t> behind;
  ErrorRows error_rows;
};

}  // namespace millrace
