#include "worker/blocks_in_cache.h"

#include <utility>

#include "cache/taken_copy.h"

namespace millrace {

kafka::BlocksElsewhere blocks_in_cache(const PipelineConfig& config, int32_t task,
                                       CacheConnect connect, std::function<bool()> stopping) {
  if (!config.cache) return nullptr;
  return [&config, task, connect = std::move(connect), stopping = std::move(stopping)](
             const std::string& state_id,
             const CommitLog::BlockVisitor& visit) -> Result<kafka::CopyHead> {
    auto url = parse_redis_url(config.cache->redis);
    if (!url) return url.error();
    auto connection = connect(*url, config.cache->timeout_us);
    if (!connection) return connection.error();
    const CacheKeys keys(config.cache->prefix, config.name.text, state_id, task);
    auto claim = read_copy(**connection, keys, [&](const BlockId& id, std::string_view bytes) {
      if (stopping()) return Result<void>(Error{Code::kCancelled, "restoring was stopped"});
      return visit(id, bytes);
    });
    if (!claim) return claim.error();
    return kafka::CopyHead{claim->complete_to, claim->next};
  };
}

}  // namespace millrace
