#pragma once

/// Working memory of a SlidingNode; included by sliding_*.cc only.

#include "operators/grouped_work.h"
#include "operators/sliding_node.h"

namespace millrace {

struct SlidingNode::SlidingWork final : Work {
  explicit SlidingWork(size_t state_bytes) : slots(state_bytes) {}

  std::vector<Window> windows;
  EntrySlots slots;
  std::vector<std::byte*> combined;  ///< States of the firing being made.
  std::vector<FiredGroup> groups;
  /// What readers have of windows that closed in this range; rows point there until they are
  /// computed.
  std::vector<std::unique_ptr<Emission>> gone;
};

}  // namespace millrace
