#pragma once

/// The seam between the cache and Redis: one connection, which is used up after an error and is
/// replaced, not mended. redis_connection.h is the true one; tests have one that tells lies.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/redis_url.h"

namespace millrace {

/// An answer that was no error.
struct RedisValue {
  enum class Kind { kNil, kText, kNumber, kList } kind = Kind::kNil;
  std::string text;
  int64_t number = 0;
  std::vector<RedisValue> items;
};

/// Threads: one.
class CacheConnection {
 public:
  virtual ~CacheConnection() = default;
  /// kUnavailable: the connection broke. kFailed: what Redis says.
  virtual Result<RedisValue> command(const std::vector<std::string_view>& words) = 0;
};

/// Connects, logs in, selects the database; every answer comes within `timeout_us`. kUnavailable
/// for everything that may pass; kFailed for a refused login.
using CacheConnect =
    std::function<Result<std::unique_ptr<CacheConnection>>(const RedisUrl&, int64_t timeout_us)>;

}  // namespace millrace
