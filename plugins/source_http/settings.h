#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/auth/settings.h"
#include "common/http/settings.h"
#include "common/poll/poller.h"

namespace millrace::http_source {

struct Paging {
  enum class Kind { kNone, kLink, kCursor, kOffset, kPage };
  Kind kind = Kind::kNone;
  std::string cursor;  ///< JSON pointer to the next cursor, or to the next address.
  std::string param;
  int64_t first = 0;  ///< kOffset, kPage.
  uint32_t max_pages = 100;
};

/// What is newest of what was read is asked for next time.
struct Since {
  std::string param, field, start;
  bool is_used() const { return !param.empty(); }
};

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  std::string url, method, body, content_type;
  std::string records;  ///< JSON pointer; "lines"; "" = the whole body.
  bool is_lines() const { return records == "lines"; }
  bool is_raw = false;  ///< The body is no JSON: one record, untouched.
  Paging paging;
  Since since;
  std::string key;
  std::vector<std::string> dedupe_key;
  auth::AuthSettings auth;
  http::HttpSettings http;
  poll::PollOptions poll;
};

}  // namespace millrace::http_source
