#pragma once

/// Watermarks of partitions in the commit (semantics R34): per partition its number, largest time,
/// w_p and state, and the decisions of R18, so that a restart goes on as if it had not been one.

#include "json/value.h"
#include "window/partition_watermarks.h"

namespace millrace {

void save_partitions(const PartitionWatermarks& from, JsonValue& meta);
/// A commit without partitions (of an older release) has all in partition 0. False: damaged.
bool restore_partitions(const JsonValue& meta, PartitionWatermarks& to);

/// "unknown", "active", "idle", "behind", "ended", "unproven".
std::string_view state_name(PartitionWatermarks::State state);

}  // namespace millrace
