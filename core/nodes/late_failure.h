#pragma once

/// What a run says that stops at a late record (`late: fail`, semantics R13). Pure.

#include <string>

#include "nodes/node.h"

namespace millrace {

struct LateRecord {
  const Rows* rows;  ///< As they came to the operator...
  const Shape* shape;
  uint32_t row;       ///< ...and which of them it is.
  EventTime w;        ///< W when it was judged.
  EventTime over_at;  ///< W from which on it was late.
};

/// Names the record: where it lies in its source, its times, and its first bytes.
Error late_failure(const Node& op, const Chunk& chunk, const LateRecord& late);

}  // namespace millrace
