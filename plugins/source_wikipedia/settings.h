#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/http/settings.h"
#include "common/sse/sse_client.h"

namespace millrace::wikipedia {

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  /// The service's own domain, where a contact is required (WK2).
  bool is_wikimedia() const;
  /// `https://…/v2/stream/a,b`
  std::string stream_url() const;
  /// Names joined by commas: what a snapshot belongs to.
  std::string stream_names() const;

  std::string url;
  std::vector<std::string> streams;
  std::string contact;
  bool starts_live = true;
  std::optional<int64_t> start_ms;      ///< `start` as a time.
  std::optional<int64_t> start_ago_ms;  ///< `start` as "24h" ago.
  int64_t overlap_ms;
  bool passes_canaries;
  std::set<std::string, std::less<>> wikis;  ///< Empty: all.
  std::string key;
  std::vector<std::string> dedupe_key;
  std::optional<int64_t> dedupe_horizon_ms;
  bool gives_event_time;  ///< `event_time` is the field that we read anyway.
  http::HttpSettings http;
  sse::SseOptions sse;

 private:
  void read_start(const std::string& text);
};

}  // namespace millrace::wikipedia
