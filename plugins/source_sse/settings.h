#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/http/settings.h"
#include "common/sse/sse_client.h"

namespace millrace::sse_source {

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;
  bool takes(std::string_view type) const;

  std::string url;
  std::set<std::string, std::less<>> events;  ///< Holds "*": all.
  std::string id_param;                       ///< Empty: the id goes into the header.
  std::string start_id;
  bool is_envelope = false;
  bool replays = true;
  std::string key;
  std::vector<std::string> dedupe_key;
  http::HttpSettings http;
  sse::SseOptions sse;
};

}  // namespace millrace::sse_source
