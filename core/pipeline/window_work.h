#pragma once

/// Working memory of a WindowNode; included by window_*.cc only.

#include "json/value.h"
#include "pipeline/window_node.h"

namespace millrace {

struct WindowNode::Work final : NodeWork {
  const Chunk* chunk = nullptr;  ///< The one being applied.
  GroupedInput::Work in;
  GroupedOutput::Work out;
  LateRows late;
  Buffer<EventTime> watermarks;
  ErrorRows error_rows;
  std::vector<FailedRow> failed;  ///< Of this range, results included.
  std::vector<uint32_t> triggers;  ///< Records whose time crossed a multiple of `every`.
  std::vector<EventTime> trigger_times;
  std::vector<Span> windows;
  std::vector<EventTime> closed;  ///< Ends of windows that sent their final rows in this range.
  std::string overflow;           ///< A complete result was too large.
};

/// Where the fold stands.
struct WindowNode::Fold {
  const EventTime* w;      ///< By record.
  uint32_t begin;          ///< First record of the range.
  EventTime w_end;         ///< W behind the range.
  EventTime next_close;    ///< W at which something fires; kTimeMax and `due` false: nothing.
  bool due;
  size_t next_trigger = 0;  ///< In work.triggers.
  GroupSlice* slice = nullptr;
  bool slice_is_safe = false;  ///< No record of `slice` can be late within this range.
};

}  // namespace millrace
