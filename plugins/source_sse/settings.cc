#include "source_sse/settings.h"

#include "common/http/url.h"

namespace millrace::sse_source {
namespace {

sse::SseOptions read_sse_options(const config& cfg, bool replays) {
  sse::SseOptions options;
  static_cast<http::StreamSettings&>(options) = http::read_stream_settings(cfg, {}, replays);
  options.busy_wait = cfg.duration("busy_wait", std::chrono::seconds(0));
  return options;
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : url(cfg.str("url", "")),
      start_id(cfg.str("start_id", "")),
      is_envelope(cfg.str("value", "data") == "envelope"),
      replays(cfg.str("replay", "window") == "window"),
      key(cfg.str("key", "")),
      dedupe_key(cfg.strings("dedupe_key")),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      sse(read_sse_options(cfg, replays)) {
  for (const std::string& type : cfg.strings("events")) events.insert(type);
  if (events.empty()) events = {"message"};
  if (cfg.str("id_in", "header") == "query") id_param = cfg.str("id_param", "lastEventId");
}

void Settings::check() const {
  http::check_http_settings(http);
  if (!http::parse_url(url)) throw config_error("url: not an absolute http or https URL");
  if (start_id.find_first_of(std::string_view("\r\n\0", 3)) != start_id.npos) {
    throw config_error("start_id: holds a line break");
  }
}

bool Settings::takes(std::string_view type) const {
  return events.contains("*") || events.contains(type);
}

}  // namespace millrace::sse_source
