#pragma once

/// Whether a run could write where its configuration says: state, dead letters, journals and the
/// files of sinks. Only looks; what is missing would be made by the run. A disk that is full, a
/// file that somebody locks and the like only the run itself finds.

#include "config/fault.h"
#include "config/pipeline_config.h"

namespace millrace {

/// Adds a fault for each place where it could not, with the remedy. `state_option`: the state's
/// directory was given by `--state`.
void refuse_unwritable(const PipelineConfig& config, bool state_option, Faults& faults);

/// The same for the file of `--report`, which may be empty: there is none.
void refuse_unwritable_report(const std::string& path, Faults& faults);

}  // namespace millrace
