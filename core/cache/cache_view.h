#pragma once

/// Reads what Redis holds of pipelines, and proves it. Threads: one.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis_url.h"
#include "state/manifest.h"

namespace millrace {

struct CachedOperator {
  ManifestSum promised;  ///< By the manifest.
  ManifestSum found;     ///< By reading and checking every block.
  uint64_t bytes = 0;
  bool proven() const { return promised == found; }
};

struct CachedState {
  std::string pipeline;
  std::string state_id;
  int32_t task = 0;  ///< Of the kafka log; the local one has one.
  std::optional<uint64_t> commit, complete_to, owner;
  int64_t written_us = 0;
  std::map<std::string, CachedOperator> operators;
  /// All that the manifest promises is there, and nothing else.
  bool proven() const;
};

struct CacheView {
  std::string policy;  ///< maxmemory-policy; empty: may not be asked.
  std::vector<CachedState> states;
};

/// States in the order of `pipelines`. kUnavailable, kFailed: Redis does not answer.
Result<CacheView> view_cache(const RedisUrl& url, int64_t timeout_us, const std::string& prefix,
                             const std::vector<std::string>& pipelines);

}  // namespace millrace
