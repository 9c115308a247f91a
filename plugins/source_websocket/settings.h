#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/http/settings.h"
#include "common/websocket/ws_client.h"
#include "source_websocket/pattern.h"

namespace millrace::websocket_source {

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  std::string url;
  std::vector<std::string> subscribe;  ///< As they are sent.
  std::vector<Pattern> ignore, pongs;
  std::string records;  ///< JSON pointer to an array; empty: the message is the record.
  bool is_raw;
  std::string resume_field, resume_send;  ///< Empty: cannot resume.
  std::string key;
  std::vector<std::string> dedupe_key;
  http::HttpSettings http;
  websocket::WsOptions ws;
  bool resumes() const { return !resume_field.empty(); }
};

/// `{position}` in the text becomes the position, in a JSON text the number or text that it is.
std::string with_position(const std::string& text, const std::string& position);

}  // namespace millrace::websocket_source
