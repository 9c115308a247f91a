#pragma once

/// Working memory of a WindowNode; included by window_*.cc only.

#include "json/value.h"
#include "pipeline/window_node.h"

namespace millrace {

struct WindowNode::Work final : NodeWork {
  GroupedInput::Work in;
  GroupedOutput::Work out;
  LateRows late;
  Buffer<EventTime> watermarks;
  ErrorRows error_rows;
  std::vector<FailedRow> failed;  ///< Of this range, results included.
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
