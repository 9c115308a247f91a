#pragma once

/// What Redis has of a task, as a start of it reads that. Threads: the reader's.

#include <functional>

#include "cache/cache_connection.h"
#include "config/pipeline_config.h"
#include "kafka/copy_restore.h"

namespace millrace {

/// Not set: the configuration, which outlives it, has no cache. `stopping` ends a reading.
kafka::BlocksElsewhere blocks_in_cache(const PipelineConfig& config, int32_t task,
                                       CacheConnect connect, std::function<bool()> stopping);

}  // namespace millrace
