#pragma once

/// Working memory of a JoinNode; included by join_*.cc only.

#include "pipeline/join_node.h"

namespace millrace {

struct JoinNode::Work final : NodeWork {
  GroupedInput::Work in[2];
  GroupedInput::Cut cut[2];
  bool here[2] = {};                ///< The chunk's source reaches this side.
  std::vector<JoinBuffer::Row*> partners;
  JoinedRows::Work candidates, joined;
  Scratch residual_scratch;
  RowErrors residual_errors;
  ByteArena error_bytes;
  ResultRows::Work result;
  LateRecords::Work late;
  Buffer<EventTime> w;              ///< Of both inputs together, by place.
  Buffer<EventTime> watermarks;     ///< W_out.
  ErrorRows error_rows;
  std::vector<FailedRow> failed;
  uint32_t record = 0;              ///< At hand.
};

}  // namespace millrace
