#pragma once

/// Working memory of a DedupeNode; included by dedupe_*.cc only.

#include "operators/dedupe_node.h"
#include "record/batch.h"

namespace millrace {

struct DedupeNode::Work final : NodeWork {
  GroupedInput::Work in;
  ResultRows::Work result;
  Rows made;                         ///< First: the stage's rows. Last: those handed out.
  Buffer<uint32_t> passed;           ///< First: the rows that pass.
  std::vector<Column> made_columns;  ///< Last: by field of the made shape.
  ByteArena made_bytes;              ///< Last: what rows and records point to.
  std::vector<std::string_view> records;
  BatchBuilder builder;
  LateRecords::Work late;
  Buffer<EventTime> watermarks;
  ErrorRows error_rows;
  std::vector<FailedRow> failed;
  uint64_t duplicates = 0, failed_inputs = 0;
};

}  // namespace millrace
