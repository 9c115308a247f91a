#pragma once

/// Where each part of an operator is computed, told by `check --explain`: beside the decoder of its
/// source, in the order of the log, or per row that comes out. What stands earlier spares the work
/// of what stands later. Pure.

#include <string>
#include <vector>

#include "config/pipeline_config.h"

namespace millrace {

/// A line per part, in the order in which records meet them.
std::vector<std::string> expression_places(const OperatorConfig& op);

}  // namespace millrace
