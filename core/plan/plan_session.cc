#include "operators/session_node.h"
#include "plan/planner.h"

namespace millrace {

void Planner::plan_session(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage) {
  std::string identity;
  auto plan = plan_results(op, inputs[0], stage, identity);
  if (!plan || refuse_ranked_updates(op, *plan)) return;
  plan->grouped.starts_vanish = true;
  plan->grouped.session_gap_us = op.window->size_us;
  add_operator(
      op,
      plan_.graph.add(std::make_unique<SessionNode>(
          op.name.text, std::move(inputs), std::move(stage), std::move(*plan), op.window->size_us)),
      identity);
}

}  // namespace millrace
