#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>

#include "common/http/settings.h"

namespace millrace::http_sink {

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  std::string url, method, idempotency_header;
  bool is_array;  ///< A JSON array instead of one row per line.
  uint64_t batch_records, batch_bytes;
  http::HttpSettings http;
};

}  // namespace millrace::http_sink
