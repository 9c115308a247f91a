#pragma once

/// redis://[user:password@]host:port/db. Pure.

#include <string>

#include "base/result.h"

namespace millrace {

struct RedisUrl {
  std::string host = "127.0.0.1", user, password;
  int port = 6379, database = 0;
  /// Without user and password.
  std::string printable() const;
};

/// kInvalidConfig; the text, which may hold a password, is not in the message.
Result<RedisUrl> parse_redis_url(const std::string& text);

}  // namespace millrace
