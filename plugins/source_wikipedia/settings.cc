#include "source_wikipedia/settings.h"

#include <algorithm>

#include "common/http/url.h"
#include "common/text/time_text.h"

namespace millrace::wikipedia {
namespace {

int64_t ms_of(http::Micros duration) { return duration.count() / 1000; }

bool is_stream_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

bool looks_like_contact(const std::string& text) {
  return text.find('@') != text.npos || text.find("://") != text.npos;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// The host decodes any other field; the one that is read here anyway saves it the trouble (P6).
bool is_our_event_time(const config& cfg) {
  const bool is_ours = cfg.str("/event_time/field", "timestamp") == "timestamp";
  return is_ours && cfg.str("/event_time/unit", "s") == "s";
}

sse::SseOptions read_sse_options(const config& cfg) {
  sse::SseOptions options;
  const http::StreamSettings defaults{.silence_timeout = std::chrono::seconds(30),
                                      .max_age = std::chrono::seconds(14 * 60 + 30)};
  static_cast<http::StreamSettings&>(options) = http::read_stream_settings(cfg, defaults, true);
  options.busy_wait = cfg.duration("busy_wait", std::chrono::seconds(30));
  return options;
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : url(without_slash(cfg.str("url", "https://stream.wikimedia.org"))),
      streams(cfg.strings("stream")),
      contact(cfg.str("contact", "")),
      overlap_ms(ms_of(cfg.duration("overlap", std::chrono::seconds(30)))),
      passes_canaries(cfg.str("canaries", "drop") == "pass"),
      key(cfg.str("key", "wiki")),
      dedupe_key(cfg.strings("dedupe_key")),
      gives_event_time(is_our_event_time(cfg)),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, contact))),
      sse(read_sse_options(cfg)) {
  if (streams.empty()) streams = {"recentchange"};
  if (dedupe_key.empty()) dedupe_key = {"meta.id"};
  for (const std::string& wiki : cfg.strings("wikis")) wikis.insert(wiki);
  if (cfg.has("dedupe_horizon")) {
    dedupe_horizon_ms = ms_of(cfg.duration("dedupe_horizon", {}));
  }
  read_start(cfg.str("start", "live"));
}

void Settings::read_start(const std::string& text) {
  starts_live = text == "live";
  if (starts_live) return;
  start_ms = text::parse_time_ms(text);
  if (start_ms) return;
  const auto ago = parse_duration(text);
  if (!ago) {
    throw config_error(
        "start: \"" + text +
        "\" is neither \"live\" nor a time (\"2026-01-31T00:00:00Z\") nor a duration (\"24h\")");
  }
  start_ago_ms = ms_of(*ago);
}

void Settings::check() const {
  http::check_http_settings(http);
  const auto base = http::parse_url(url);
  if (!base) throw config_error("url: not an absolute http or https URL");
  for (const std::string& name : streams) {
    if (!is_stream_name(name)) throw config_error("stream: \"" + name + "\" is not a stream name");
  }
  if (is_wikimedia() && !looks_like_contact(contact)) {
    throw config_error(
        "Wikimedia asks every client for a contact in its User-Agent and refuses those without: "
        "set "
        "\"contact\" at the top of the configuration to a URL or an e-mail address");
  }
  if (dedupe_horizon_ms && *dedupe_horizon_ms < 2 * overlap_ms) {
    throw config_error(
        "dedupe_horizon: must be at least twice the overlap, or repeats get through");
  }
}

bool Settings::is_wikimedia() const {
  const auto base = http::parse_url(url);
  return base && http::is_in_domain(base->host, "wikimedia.org");
}

std::string Settings::stream_names() const {
  std::string names;
  for (const std::string& name : streams) names += (names.empty() ? "" : ",") + name;
  return names;
}

std::string Settings::stream_url() const { return url + "/v2/stream/" + stream_names(); }

}  // namespace millrace::wikipedia
