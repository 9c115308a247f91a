#pragma once

/// Why windows do not close: per operator what is open and which W it waits for; per source which
/// partition holds W back, since when, and what would free it. For people: `--explain-windows`, a
/// signal, and the report.
/// Threads: the applying one, or while nothing is applied.

#include <string>
#include <vector>

#include "json/value.h"
#include "nodes/graph.h"

namespace millrace {

/// What a source's W stands on.
struct HeldWatermark {
  std::string source;
  uint32_t partition =
      0;              ///< The one that holds W back; meaningless if `state` is all_idle or ended.
  std::string state;  ///< unknown active at_end unproven all_idle ended nothing_read
  EventTime w = kTimeNone;         ///< Of the source.
  EventTime max_time = kTimeNone;  ///< Of the partition.
  int64_t since_us = 0;  ///< Wall clock since when W stands where it is; 0: the whole run.
  std::string freed_by;  ///< A sentence.
};

struct WaitingOperator {
  std::string name;
  OpenWork work;
  EventTime w = kTimeNone;  ///< W of its input.
  HeldWatermark held;
};

/// Operators that have something open, in the order of the configuration.
std::vector<WaitingOperator> waiting_operators(const Graph& graph);

/// Lines for a terminal, each ending with a newline; says so if nothing waits.
std::string waiting_text(const std::vector<WaitingOperator>& waiting, int64_t now_us);
/// `{"per_minute": {"open": 3, "watermark": …, "next_end": …, "closes_at": …, "held_by": {…}}}`
JsonValue waiting_json(const std::vector<WaitingOperator>& waiting);

}  // namespace millrace
