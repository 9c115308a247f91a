#include "pipeline/planner.h"

namespace millrace {

void Planner::plan_sliding(const OperatorConfig& op, std::vector<Input>, StagePlan) {
  faults_.add(op.window->where, "windows aligned to records are not in this version of Millrace");
}

}  // namespace millrace
