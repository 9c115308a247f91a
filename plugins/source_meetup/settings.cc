#include "source_meetup/settings.h"

#include <set>

#include "common/http/url.h"
#include "common/poll/settings.h"
#include "common/text/stable_hash.h"
#include "common/websocket/ws_url.h"

namespace millrace::meetup {
namespace {

using std::chrono::seconds;

Mode mode_of(const std::string& text) {
  if (text == "stream") return Mode::kStream;
  return text == "stream_ws" ? Mode::kWebSocket : Mode::kGraph;
}

/// The names that this service has for what other plugins call otherwise (MU3).
auth::AuthSettings read_auth(const config& cfg) {
  auth::AuthSettings out;
  if (!cfg.has("/auth/client_key")) return out;
  out.kind = auth::AuthSettings::Kind::kJwt;
  out.token_url = cfg.str("token_url", "https://secure.meetup.com/oauth2/access");
  out.client_id = cfg.str("/auth/client_key", "");
  out.subject = cfg.str("/auth/member_id", "");
  out.key_id = cfg.str("/auth/key_id", "");
  out.private_key = cfg.str("/auth/private_key", "");
  out.audience = "api.meetup.com";
  return out;
}

websocket::WsOptions read_ws_options(const config& cfg) {
  websocket::WsOptions options;
  const http::StreamSettings defaults{.silence_timeout = seconds(120)};
  static_cast<http::StreamSettings&>(options) = http::read_stream_settings(cfg, defaults, true);
  return options;
}

poll::PollOptions read_poll_options(const config& cfg, http::Micros every) {
  poll::PollOptions options;
  options.slots.every = every;
  options.rate = {cfg.f64("points_per_minute", 400) / 60, 50};
  options.credential = std::to_string(text::stable_hash(cfg.str("/auth/client_key", "")));
  return options;
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : mode(mode_of(cfg.str("mode", "graphql"))),
      url(cfg.str("url", "https://api.meetup.com/gql-ext")),
      stream_url(cfg.str("stream_url", mode == Mode::kWebSocket
                                           ? "ws://stream.meetup.com/2/rsvps"
                                           : "http://stream.meetup.com/2/rsvps")),
      events(cfg.strings("events")),
      page(cfg.i64("page", 50)),
      every(cfg.duration("every", std::chrono::minutes(5))),
      discover_every(cfg.duration("discover_every", std::chrono::minutes(15))),
      is_personal(cfg.flag("personal", false)),
      reports_absence(cfg.str("absent", "ignore") == "report"),
      tracked_max(static_cast<uint64_t>(cfg.i64("max_tracked", 100'000))),
      overlap_ms(cfg.duration("overlap", seconds(2)).count() / 1000),
      key(cfg.str("key", "event.event_id")),
      auth(read_auth(cfg)),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      poll(read_poll_options(cfg, every)),
      ws(read_ws_options(cfg)) {
  if (mode == Mode::kGraph) poll::read_connection_keys(cfg, http);
  for (const config& one : cfg.list("searches")) {
    searches.push_back(
        {one.str("name"), one.str("query"), one.f64("lat"), one.f64("lon"), one.f64("radius", 25)});
  }
}

void Settings::check() const {
  http::check_http_settings(http);
  if (mode != Mode::kGraph) {
    if (!websocket::web_url(stream_url)) throw config_error("stream_url: not an absolute URL");
    return;
  }
  auth::check_auth_settings(auth);
  if (!http::parse_url(url)) throw config_error("url: not an absolute http or https URL");
  if (searches.empty() && events.empty()) {
    throw config_error("searches: a search or an event is wanted");
  }
  std::set<std::string> names;
  for (const Search& search : searches) {
    if (!names.insert(search.name).second)
      throw config_error("searches: two are called \"" + search.name + "\"");
  }
}

}  // namespace millrace::meetup
