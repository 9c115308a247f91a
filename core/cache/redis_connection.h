#pragma once

/// One connection to Redis. A context of hiredis is dead after any error, so the connection is used
/// up then and is replaced, not mended. Every answer has a time-out. Threads: one.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/redis_url.h"

struct redisContext;
struct redisReply;

namespace millrace {

/// An answer that was no error.
struct RedisValue {
  enum class Kind { kNil, kText, kNumber, kList } kind = Kind::kNil;
  std::string text;
  int64_t number = 0;
  std::vector<RedisValue> items;
};

class RedisConnection {
 public:
  /// Connects, logs in, selects the database. kUnavailable for everything that may pass; kFailed
  /// for a refused login.
  static Result<std::unique_ptr<RedisConnection>> connect(const RedisUrl& url, int64_t timeout_us);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;

  /// kUnavailable: the connection broke. kFailed: what Redis says.
  Result<RedisValue> command(const std::vector<std::string_view>& words);

 private:
  RedisConnection(redisContext* context, std::string place)
      : context_(context), place_(std::move(place)) {}
  Result<void> log_in(const RedisUrl& url);
  redisContext* context_;
  std::string place_;
};

}  // namespace millrace
