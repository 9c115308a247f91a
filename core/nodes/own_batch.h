#pragma once

/// A batch of the host's own around rows that lie in no chunk any more.

#include <string_view>
#include <vector>

#include "record/batch.h"

namespace millrace {

/// Copies `records` (at least one) as the values of one batch. An empty handle: out of memory.
BatchRef batch_of(BatchBuilder& builder, const std::vector<std::string_view>& records);

}  // namespace millrace
