#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <chrono>
#include <cstdint>
#include <millrace/plugin.hpp>
#include <string>

namespace millrace::sse_sink {

struct Settings {
  /// Throws config_error naming the key.
  explicit Settings(const config& cfg);

  std::string address;  ///< Numeric.
  uint16_t port;
  uint64_t history;  ///< Rows that a new reader gets.
  uint64_t clients_max;
  std::string allow_origin;
  std::chrono::microseconds keep_alive;
};

}  // namespace millrace::sse_sink
