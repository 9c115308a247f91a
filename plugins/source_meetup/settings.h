#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/auth/settings.h"
#include "common/http/settings.h"
#include "common/poll/poller.h"
#include "common/websocket/ws_client.h"

namespace millrace::meetup {

enum class Mode { kGraph, kStream, kWebSocket };

struct Search {
  std::string name, query;
  double lat, lon, radius;
};

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  Mode mode;
  std::string url, stream_url;
  std::vector<Search> searches;
  std::vector<std::string> events;  ///< Ids that are always followed.
  int64_t page;
  http::Micros every, discover_every;
  bool is_personal, reports_absence;
  uint64_t tracked_max;
  int64_t overlap_ms;
  std::string key;
  auth::AuthSettings auth;
  http::HttpSettings http;
  poll::PollOptions poll;
  websocket::WsOptions ws;
};

}  // namespace millrace::meetup
