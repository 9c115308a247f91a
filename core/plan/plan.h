#pragma once

/// From a checked configuration to a graph: loads the plugins, settles every schema, compiles every
/// expression, and refuses what cannot work, all faults at once, each at its place. Nothing is
/// opened but samples of files whose fields have no declared type.

#include <optional>
#include <string>
#include <vector>

#include "config/fault.h"
#include "config/pipeline_config.h"
#include "nodes/graph.h"
#include "plugin/index.h"

namespace millrace {

struct PlannedSource {
  std::string name, plugin;
  Schema fields;
  SourceTraits traits;
  /// It ends by nature, or fixes a target where it is asked to (MR_OPEN_UNTIL_END).
  bool can_end = false;
};

struct Plan {
  Graph graph;
  std::vector<PlannedSource> sources;
  /// Whatever may differ between two runs on the same input (R44), a sentence each.
  std::vector<std::string> nondeterministic;
  /// What each sink can promise: `out: exactly_once`.
  std::vector<std::string> deliveries;
};

/// Nothing, if `faults` is not empty afterwards. kPluginRefused: a library may not be loaded.
Result<std::optional<Plan>> make_plan(const PipelineConfig& config, const PluginIndex& plugins,
                                      Faults& faults);

}  // namespace millrace
