#pragma once

/// Working memory of a WindowNode; included by window_*.cc only.

#include "json/value.h"
#include "pipeline/window_node.h"

namespace millrace {

struct WindowNode::Work final : NodeWork {
  StageWork stage;
  std::vector<Scratch> group_scratch, argument_scratch, filter_scratch, output_scratch;
  std::vector<const Column*> groups, arguments;
  std::vector<Buffer<uint8_t>> passes;  ///< Per filter and row.
  Buffer<uint32_t> live;                ///< Rows to fold: keys and arguments are there.
  std::string keys;
  Buffer<uint32_t> key_ends;  ///< Per live row.
  Buffer<uint64_t> hashes;
  Buffer<EventTime> watermarks;

  // One flush of the fold.
  Buffer<std::byte*> states, filtered_states;
  Buffer<uint32_t> folded, filtered;

  // Fired rows over the derived schema.
  std::vector<Column> derived;
  std::vector<const Column*> derived_view;
  RowErrors emit_errors, output_errors;
  std::vector<RowError> emit_failures;
  ByteArena fired_keys;
  Scratch having_scratch;

  Buffer<uint32_t> late_rows;
  Buffer<EventTime> late_w;
  ErrorRows error_rows;
  std::vector<FailedRow> stage_failed, failed;  ///< Of prepare; of this range, results included.
  size_t failed_results = 0;
  ByteArena stage_bytes, result_bytes;
};

/// Where the fold stands.
struct WindowNode::Fold {
  const EventTime* w;      ///< By record.
  uint32_t begin;          ///< First record of the range.
  EventTime w_end;         ///< W behind the range.
  EventTime next_close;    ///< W at which something fires; kTimeMax and `due` false: nothing.
  bool due;
  GroupSlice* slice = nullptr;
  bool slice_is_safe = false;  ///< No record of `slice` can be late within this range.
};

}  // namespace millrace
