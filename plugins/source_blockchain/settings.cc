#include "source_blockchain/settings.h"

#include <algorithm>
#include <charconv>

#include "common/http/url.h"
#include "common/websocket/ws_url.h"

namespace millrace::blockchain {
namespace {

using std::chrono::seconds;

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

websocket::WsOptions read_ws_options(const config& cfg) {
  websocket::WsOptions options;
  const http::StreamSettings defaults{.silence_timeout = seconds(60),
                                      .max_age = std::chrono::hours(1)};
  static_cast<http::StreamSettings&>(options) = http::read_stream_settings(cfg, defaults, false);
  options.overlap = cfg.duration("overlap", seconds(10));
  options.ping_every = cfg.duration("ping_every", seconds(30));
  options.pong_timeout = cfg.duration("pong_timeout", seconds(20));
  options.ping_text = R"({"op":"ping"})";
  return options;
}

bool is_height(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : url(cfg.str("url", "wss://ws.blockchain.info/inv")),
      rest_url(without_slash(cfg.str("rest_url", "https://blockchain.info"))),
      api_code(cfg.str("api_code", "")),
      addresses(cfg.strings("addresses")),
      start_height(cfg.type("start_height") == MR_JSON_NUMBER
                       ? std::to_string(cfg.i64("start_height"))
                       : cfg.str("start_height", "tip")),
      confirmations(cfg.i64("confirmations", 0)),
      transactions(cfg.flag("transactions", false)),
      tip_every(cfg.duration("tip_every", seconds(60))),
      ticker_every(cfg.duration("ticker_every", seconds(60))),
      rate{cfg.f64("rate", 1), cfg.f64("burst", 10)},
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      ws(read_ws_options(cfg)) {
  for (const std::string& stream : cfg.strings("streams")) {
    wants_tx |= stream == "tx";
    wants_blocks |= stream == "block";
    wants_ticker |= stream == "ticker";
  }
  if (!wants_tx && !wants_blocks && !wants_ticker) wants_tx = true;
  // Blocks come every ten minutes: their silence says nothing (BC4).
  if (!wants_tx || !addresses.empty()) ws.silence_timeout = http::Micros(0);
}

void Settings::check() const {
  http::check_http_settings(http);
  if (!websocket::web_url(url)) throw config_error("url: not an absolute ws or wss URL");
  if (!http::parse_url(rest_url)) throw config_error("rest_url: not an absolute http or https URL");
  if (start_height != "tip" && !is_height(start_height)) {
    throw config_error("start_height: \"" + start_height +
                       "\" is neither \"tip\" nor a height nor, as -144, a distance from the tip");
  }
}

}  // namespace millrace::blockchain
