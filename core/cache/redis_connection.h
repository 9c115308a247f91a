#pragma once

/// One connection to Redis, by hiredis, whose context is dead after any error. Only commands are
/// sent without it, since it would copy them twice.

#include "cache/cache_connection.h"

struct redisContext;

namespace millrace {

class RedisConnection final : public CacheConnection {
 public:
  /// As CacheConnect says.
  static Result<std::unique_ptr<CacheConnection>> connect(const RedisUrl& url, int64_t timeout_us);
  ~RedisConnection() override;
  RedisConnection(const RedisConnection&) = delete;

  Result<RedisValue> command(const std::vector<std::string_view>& words) override;

 private:
  RedisConnection(redisContext* context, std::string place)
      : context_(context), place_(std::move(place)) {}
  Result<void> log_in(const RedisUrl& url);
  Result<void> send(const std::vector<std::string_view>& words);
  redisContext* context_;
  std::string place_;
};

}  // namespace millrace
