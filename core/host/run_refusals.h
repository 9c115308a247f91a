#pragma once

/// What the command line of `run` asks and a configuration cannot give. Each refusal is a fault
/// with its place and a remedy, beside those of the configuration itself.

#include "config/fault.h"
#include "config/pipeline_config.h"
#include "host/options.h"
#include "plan/plan.h"

namespace millrace {

/// `first` is the plan of the first stage, absent if none could be made.
void refuse_arguments(const RunArguments& arguments, const PipelineConfig& config,
                      const Plan* first, Faults& faults);

}  // namespace millrace
