#pragma once

/// The nodes of a pipeline, ready to run. Made by the planner; lives for one attempt: a restart in
/// process makes a new one.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nodes/plugin_node.h"
#include "nodes/processing_time_node.h"
#include "nodes/record_dedupe.h"
#include "nodes/sink_node.h"
#include "nodes/source_node.h"

namespace millrace {

/// What is needed to start a source's plugin.
struct SourceStart {
  SourceNode* node;
  Component component;
  std::string config;
  /// Plugin, path and key: state of another identity is refused (R37).
  std::string identity;
  int64_t dedupe_horizon_us = 120 * kSecondUs;
  size_t dedupe_max = 1 << 20;
  /// What tells a repeated record, if the host is to find it: the plugin has no `dedupe_key`.
  std::optional<RecordDedupePlan> dedupe{};
  std::optional<JournalConfig> journal{};
};

struct NamedOperator {
  Node* node;
  std::string identity;  ///< Empty: keeps no state.
};

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;  ///< Every node behind its inputs.
  std::vector<SourceStart> sources;          ///< In the order of the configuration.
  std::vector<NamedOperator> operators;
  std::vector<Node*> unions;  ///< In front of operators with several inputs.
  std::vector<PluginNode*> processors;
  std::vector<ProcessingTimeNode*> clocks;
  std::vector<SinkNode*> sinks;  ///< Written ones first, then dead letters.
  size_t written_sinks = 0;
  std::optional<int32_t> task;   ///< Under the kafka log: the partition that this graph works on.
  int64_t max_task_idle_us = 0;  ///< The longest that an operator asks for (R22).
  std::string tzdata;            ///< Version of the zone database; empty if nothing follows a zone.
  /// By name of source and operator: a hash of its configuration, to tell a change that state
  /// survives. Kept in the commit.
  std::map<std::string, std::string> settings;
  /// Operators whose state is to be forgotten once (`reset`), by name. That it was done is kept in
  /// the commit for as long as the key stands in the configuration.
  std::set<std::string> resets;

  /// Adds a node behind all that it reads.
  template <class T>
  T* add(std::unique_ptr<T> node) {
    node->set_index(static_cast<uint32_t>(nodes.size()));
    T* raw = node.get();
    nodes.push_back(std::move(node));
    return raw;
  }
  /// Call once, when all nodes are there: tells every node which of its fields are read, and
  /// notes who can reach whom.
  void finish();
  /// Indices of the nodes that a record of `source` can reach, the source first.
  std::vector<uint32_t> reachable(const Node& source) const;
  Ledger ledger() const;

 private:
  void spread_demand();
};

}  // namespace millrace
