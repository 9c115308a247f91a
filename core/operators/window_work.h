#pragma once

/// Working memory of a WindowNode; included by window_*.cc only.

#include "operators/grouped_work.h"
#include "operators/window_node.h"

namespace millrace {

struct WindowNode::WindowWork final : Work {
  std::vector<Span> windows;
  std::vector<EventTime> closed;  ///< Ends of windows that sent their final rows in this range.
};

}  // namespace millrace
