#include "pipeline/planner.h"

namespace millrace {

void Planner::plan_session(const OperatorConfig& op, std::vector<Input>, StagePlan) {
  faults_.add(op.window->where, "session windows are not in this version of Millrace");
}

}  // namespace millrace
