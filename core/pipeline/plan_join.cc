#include "pipeline/planner.h"

namespace millrace {

void Planner::plan_join(const OperatorConfig& op, std::vector<Input>) {
  faults_.add(op.join->where, "joins are not in this version of Millrace");
}

}  // namespace millrace
