#pragma once

/// Where the records of a key are under the kafka commit log (E20): a task sees one partition, so
/// what an operator brings together must be there. Pure, over the configuration.

#include <string>

#include "config/pipeline_config.h"

namespace millrace {

/// Records of one value of `field` of what `name` puts out are all in one task: it is the source's
/// `key`, or what a repartition topic was made for, passed on.
bool carries_key(const PipelineConfig& config, const std::string& name, const std::string& field);
/// What `op` groups, joins, deduplicates or keeps by key meets in one task. True also for operators
/// that keep nothing. Aggregates without `group_by` are not looked for.
bool sees_whole_groups(const PipelineConfig& config, const OperatorConfig& op);
/// `limit_by` holds a field that the results carry of the source's key.
bool ranks_within_key(const PipelineConfig& config, const OperatorConfig& op);

}  // namespace millrace
