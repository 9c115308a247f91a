#pragma once

/// Cuts a pipeline where records must meet by another key than their topic's (E20): what lies in
/// front writes to the topic `<pipeline>.<operator>.repartition`, keyed by what the operator groups
/// by, and the operator, with all behind it, reads that as a pipeline of its own,
/// `<pipeline>.<operator>`: own consumer group, own tasks, own changelog. A worker runs all stages.

#include <string>
#include <vector>

#include "config/pipeline_config.h"
#include "plan/plan.h"

namespace millrace {

struct Stage {
  PipelineConfig config;
  Plan plan;
};

/// The stages in their order; one, if nothing needs to be cut. Nothing, if `faults` is not empty
/// afterwards. Also for the local commit log, which has one stage always.
Result<std::vector<Stage>> plan_stages(const PipelineConfig& config, const PluginIndex& plugins,
                                       Faults& faults);

}  // namespace millrace
