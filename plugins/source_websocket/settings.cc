#include "source_websocket/settings.h"

#include "common/json/config_text.h"
#include "common/websocket/ws_url.h"

namespace millrace::websocket_source {
namespace {

constexpr std::string_view kPosition = "{position}";

/// `/data/*` says the same as `/data`.
std::string pointer_to_list(std::string pointer) {
  if (pointer.ends_with("/*")) pointer.resize(pointer.size() - 2);
  return pointer;
}

/// `ws://user:password@host`: nothing of it is sent in a handshake.
bool has_user(const std::string& url) {
  const size_t host = url.find("://") + 3;
  return url.substr(host, url.find_first_of("/?#", host) - host).find('@') != url.npos;
}

/// Texts are sent as they are, objects as JSON.
std::string message_of(const config& value) {
  return value.type("") == MR_JSON_STRING ? value.str("") : json::json_of(value);
}

websocket::WsOptions read_ws_options(const config& cfg, bool resumes) {
  websocket::WsOptions options;
  static_cast<http::StreamSettings&>(options) = http::read_stream_settings(cfg, {}, resumes);
  options.busy_wait = cfg.duration("busy_wait", http::Micros(0));
  options.subprotocol = cfg.str("subprotocol", "");
  if (!cfg.has("/ping/every")) return options;
  options.ping_every = cfg.duration("/ping/every");
  options.ping_text = message_of(cfg.part("/ping/text"));
  options.pong_timeout = cfg.duration("/ping/timeout", std::chrono::seconds(20));
  return options;
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : url(cfg.str("url", "")),
      records(pointer_to_list(cfg.str("records", ""))),
      is_raw(cfg.str("format", "json") == "raw"),
      resume_field(cfg.str("/resume/field", "")),
      key(cfg.str("key", "")),
      dedupe_key(cfg.strings("dedupe_key")),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      ws(read_ws_options(cfg, resumes())) {
  for (const config& one : cfg.list("subscribe")) subscribe.push_back(message_of(one));
  for (const config& one : cfg.list("ignore")) ignore.emplace_back(one);
  if (cfg.has("/ping/expect")) pongs.emplace_back(cfg.part("/ping/expect"));
  if (resumes()) resume_send = message_of(cfg.part("/resume/send"));
}

void Settings::check() const {
  http::check_http_settings(http);
  if (!websocket::web_url(url)) throw config_error("url: not an absolute ws or wss URL");
  if (has_user(url)) {
    throw config_error(
        "url: a user and a password would not be sent; write \"headers\": {\"Authorization\": "
        "\"Basic …\"}");
  }
  if (!records.empty() && records.front() != '/') {
    throw config_error("records: \"" + records + "\" is not a JSON pointer");
  }
  if (is_raw && (!records.empty() || resumes() || !key.empty() || !dedupe_key.empty())) {
    throw config_error(
        "format: a raw message has no fields, so no records, resume, key or dedupe_key");
  }
  if (resumes() && resume_send.find(kPosition) == resume_send.npos) {
    throw config_error("resume.send: holds no {position}");
  }
  if (ws.ping_every.count() > 0 && pongs.empty()) {
    throw config_error("ping.expect: missing: without it an answer cannot be told from a record");
  }
}

std::string with_position(const std::string& text, const std::string& position) {
  std::string out = text;
  const std::string quoted = "\"" + std::string(kPosition) + "\"";
  if (const size_t at = out.find(quoted); at != out.npos)
    return out.replace(at, quoted.size(), position);
  const size_t at = out.find(kPosition);
  return at == out.npos ? out : out.replace(at, kPosition.size(), position);
}

}  // namespace millrace::websocket_source
