#pragma once

/// Working memory of a WindowNode; included by window_*.cc only.

#include "pipeline/grouped_work.h"
#include "pipeline/window_node.h"

namespace millrace {

struct WindowNode::WindowWork final : Work {
  std::vector<Span> windows;
  std::vector<EventTime> closed;  ///< Ends of windows that sent their final rows in this range.
};

}  // namespace millrace
