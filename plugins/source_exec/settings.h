#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/http/settings.h"

namespace millrace::exec {

struct Settings {
  /// Throws config_error naming the key.
  explicit Settings(const config& cfg);

  std::vector<std::string> command;
  std::string folder;
  std::vector<std::pair<std::string, std::string>> environment;
  bool restarts;  ///< Also after it ended well.
  bool has_acks;
  bool replays_exactly;
  std::string key;
  http::RetrySettings retry;
  http::Micros stop_timeout;
  uint64_t line_max;
};

}  // namespace millrace::exec
