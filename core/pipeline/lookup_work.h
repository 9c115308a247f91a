#pragma once

/// Working memory of a LookupNode; included by lookup_*.cc only.

#include "pipeline/lookup_node.h"

namespace millrace {

struct LookupNode::Work final : NodeWork {
  GroupedInput::Work in[2];
  GroupedInput::Cut cut[2];
  bool here[2] = {};
  JoinedRows::Work candidate, joined;
  std::vector<std::shared_ptr<const std::string>> met;  ///< Versions that rows of this apply point to.
  Scratch residual_scratch;
  RowErrors residual_errors;
  ByteArena error_bytes;
  ResultRows::Work result;
  LateRecords::Work late;
  Buffer<EventTime> watermarks;  ///< W_out.
  ErrorRows error_rows;
  std::vector<FailedRow> failed;
  uint32_t record = 0;           ///< At hand.
};

/// A stream row that looks into the table: of the chunk, or one that waited.
struct LookupNode::StreamRow {
  SideRow side;
  EventTime time;
  const std::string_view* key;  ///< Null: a NULL key, which nothing matches.
};

}  // namespace millrace
