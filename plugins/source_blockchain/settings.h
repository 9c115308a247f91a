#pragma once

/// The plugin's configuration (schema.json describes each key).

#include <millrace/plugin.hpp>
#include <string>
#include <vector>

#include "common/http/host_gate.h"
#include "common/http/settings.h"
#include "common/websocket/ws_client.h"

namespace millrace::blockchain {

struct Settings {
  /// Throws config_error naming the key.
  Settings(const context& ctx, const config& cfg);
  /// What the schema cannot say. Throws config_error.
  void check() const;

  bool wants_tx = false, wants_blocks = false, wants_ticker = false;
  std::string url, rest_url, api_code;
  std::vector<std::string> addresses;
  std::string start_height;  ///< "tip", a height, or "-N" from the tip.
  int64_t confirmations;
  bool transactions;  ///< Of blocks, in `x.tx`.
  http::Micros tip_every, ticker_every;
  http::Rate rate;
  http::HttpSettings http;
  websocket::WsOptions ws;
  bool is_live() const { return wants_tx || wants_blocks; }
};

}  // namespace millrace::blockchain
