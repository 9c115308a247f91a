#pragma once

/// Working memory of a SessionNode; included by session_*.cc only.

#include "operators/grouped_work.h"
#include "operators/session_node.h"

namespace millrace {

struct SessionNode::SessionWork final : Work {
  std::vector<Session*> due;
  std::vector<FiredGroup> groups, vanished;  ///< Of the firing being made.
  /// What readers have of sessions that went in this range; rows point there until they are
  /// computed.
  std::vector<std::unique_ptr<SessionWindows::Shown>> gone;
};

}  // namespace millrace
