#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <cstdint>
#include <millrace/plugin.hpp>

#include "common/feed/server.h"

namespace millrace::sse_sink {

struct Settings {
  /// Throws config_error naming the key.
  explicit Settings(const config& cfg);

  feed::ServerOptions server;
  uint64_t history;  ///< Rows that a new reader gets.
};

}  // namespace millrace::sse_sink
