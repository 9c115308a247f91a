#pragma once

/// What the configuration says.

#include <cstdint>
#include <millrace/plugin.hpp>
#include <string>

namespace millrace::redis_sink {

struct Settings {
  enum class Command { kSet, kHset, kXadd };
  explicit Settings(const config& cfg);  ///< Throws config_error.

  std::string host = "127.0.0.1", user, password;
  int port = 6379, database = 0;
  Command command = Command::kSet;
  std::string field;
  int64_t ttl_ms = 0;  ///< 0: keys stay.
  int64_t maxlen = 0;  ///< 0: streams grow.
  std::chrono::microseconds timeout;

 private:
  void read_url(std::string url);
};

}  // namespace millrace::redis_sink
