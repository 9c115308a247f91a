#pragma once

/// Working memory of a JoinNode; included by join_*.cc only.

#include "operators/join_node.h"

namespace millrace {

struct JoinNode::Work final : PairWork {
  std::vector<JoinBuffer::Row*> partners;
  Buffer<EventTime> w;  ///< Of both inputs together, by place.
};

}  // namespace millrace
