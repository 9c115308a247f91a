#include "nodes/graph.h"

namespace millrace {

void Graph::spread_demand() {
  std::vector<std::vector<bool>> wanted(nodes.size());
  for (const auto& node : nodes) wanted[node->index()].resize(node->shape().schema.size());
  // From the back, so that a node knows what is wanted of it before it asks its inputs.
  for (size_t i = nodes.size(); i-- > 0;) {
    Node& node = *nodes[i];
    node.set_wanted(wanted[i]);
    for (size_t input = 0; input < node.inputs().size(); ++input) {
      const Input& from = node.inputs()[input];
      std::vector<bool> asked(from.node->shape(from.port).schema.size());
      node.demand(input, asked);
      std::vector<bool>& main = wanted[from.node->index()];
      // Side outputs are made whole; of late records the fields in front are those of the main
      // rows that the operator read, and it asks for them itself.
      if (from.port == Port::kLate) from.node->want_late(asked);
      if (from.port != Port::kMain && from.port != Port::kVersions) continue;
      for (size_t field = 0; field < asked.size(); ++field)
        main[field] = main[field] || asked[field];
    }
  }
}

void Graph::finish() {
  spread_demand();
  std::vector<std::vector<bool>> reached(nodes.size(), std::vector<bool>(nodes.size()));
  for (const auto& node : nodes) {
    std::vector<bool>& from = reached[node->index()];
    from[node->index()] = true;
    for (const Input& input : node->inputs()) {
      const std::vector<bool>& before = reached[input.node->index()];
      for (size_t i = 0; i < from.size(); ++i) from[i] = from[i] || before[i];
    }
  }
  for (const auto& node : nodes) node->set_reached_from(reached[node->index()]);
}

std::vector<uint32_t> Graph::reachable(const Node& source) const {
  std::vector<uint32_t> out;
  for (const auto& node : nodes) {
    if (node->reached_from(source.index())) out.push_back(node->index());
  }
  return out;
}

Ledger Graph::ledger() const {
  Ledger out;
  for (const SourceStart& source : sources) {
    out.sources.push_back({source.node->name(), source.node->source_counters});
  }
  for (const NamedOperator& op : operators)
    out.operators.push_back({op.node->name(), op.node->counters});
  for (size_t i = 0; i < written_sinks; ++i) {
    out.sinks.push_back({sinks[i]->name(), sinks[i]->sink_counters});
  }
  return out;
}

}  // namespace millrace
