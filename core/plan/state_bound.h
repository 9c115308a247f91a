#pragma once

/// What bounds the state of an operator, told before anything runs (`check --explain`): which keys,
/// how much event time, and what it grows with. `limits.state` is the wall behind all of them.
/// Pure.

#include <cstdint>
#include <string>

#include "config/pipeline_config.h"

namespace millrace {

/// One sentence; empty if the operator keeps nothing. `disorder_us`: the largest out_of_orderness
/// of the sources behind it. `keeps_state`: it aggregates, if only by its `select`.
std::string state_bound(const OperatorConfig& op, int64_t disorder_us, bool keeps_state);

/// `limits.state` in bytes; half of the machine's memory unless configured.
uint64_t state_limit_bytes(const LimitsConfig& limits);

}  // namespace millrace
