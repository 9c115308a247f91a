#include "operators/sliding_node.h"
#include "plan/planner.h"

namespace millrace {

void Planner::plan_sliding(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  std::string identity;
  auto plan = plan_results(op, inputs[0], stage, identity);
  if (!plan || refuse_ranked_updates(op, *plan)) return;
  add_operator(
      op,
      plan_.graph.add(std::make_unique<SlidingNode>(
          op.name.text, std::move(inputs), std::move(stage), std::move(*plan), op.window->size_us)),
      identity);
}

}  // namespace millrace
