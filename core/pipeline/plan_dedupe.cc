#include "pipeline/planner.h"

namespace millrace {

void Planner::plan_dedupe(const OperatorConfig& op, std::vector<Input>, StagePlan) {
  faults_.add(op.dedupe->where, "\"dedupe\" is not in this version of Millrace");
}

}  // namespace millrace
