#include "pipeline/planner.h"

namespace millrace {

void Planner::plan_table(const OperatorConfig& op, std::vector<Input>, StagePlan) {
  faults_.add(op.table->where, "tables are not in this version of Millrace");
}

}  // namespace millrace
