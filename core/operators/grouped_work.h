#pragma once

/// Working memory of a GroupedNode; included by the files of grouped nodes only.

#include "json/value.h"
#include "operators/grouped_node.h"

namespace millrace {

struct GroupedNode::Work : NodeWork {
  const Chunk* chunk = nullptr;  ///< The one being applied.
  GroupedInput::Work in;
  GroupedOutput::Work out;
  LateRows late;
  Buffer<EventTime> watermarks;
  ErrorRows error_rows;
  std::vector<FailedRow> failed;   ///< Of this range, results included.
  std::vector<uint32_t> triggers;  ///< Records whose time crossed a multiple of `every`.
  std::vector<EventTime> trigger_times;
  std::string overflow;  ///< A complete result was too large.
};

/// Where the fold stands.
struct GroupedNode::Fold {
  const EventTime* w;               ///< By record.
  uint32_t begin;                   ///< First record of the range.
  EventTime w_end;                  ///< W behind the range.
  EventTime next_close = kTimeMax;  ///< W at which something may fire.
  bool due = false;                 ///< False: nothing is open.
  size_t next_trigger = 0;          ///< In work.triggers.
};

}  // namespace millrace
