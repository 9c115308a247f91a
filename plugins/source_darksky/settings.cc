#include "source_darksky/settings.h"

#include <cmath>

#include "common/http/url.h"
#include "common/poll/settings.h"
#include "common/text/stable_hash.h"
#include "common/text/time_text.h"

namespace millrace::darksky {
namespace {

using http::Micros;

constexpr Micros kDay = std::chrono::hours(24);

Emit emit_of(const std::string& text) {
  if (text == "hourly") return Emit::kHourly;
  if (text == "daily") return Emit::kDaily;
  return text == "document" ? Emit::kDocument : Emit::kCurrently;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::optional<Micros> time_of(const config& cfg, const char* field) {
  const std::string text = cfg.str(field, "");
  if (text.empty()) return std::nullopt;
  const auto ms = text::parse_time_ms(text);
  if (!ms) throw config_error(std::string(field).substr(1) + ": \"" + text + "\" is not a time");
  return Micros(*ms * 1000);
}

/// Commas stay bare (D13).
std::string query_of(const config& cfg, bool is_pirate) {
  std::string query = "units=" + cfg.str("units", "us");
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query += std::string("&") + name + "=" + http::form_encoded(value);
  };
  std::string exclude;
  for (const std::string& block : cfg.strings("exclude")) {
    exclude += (exclude.empty() ? "" : ",") + block;
  }
  if (!exclude.empty()) query += "&exclude=" + exclude;
  add("extend", cfg.str("extend", ""));
  add("lang", cfg.str("lang", ""));
  if (is_pirate && cfg.i64("version", 1) > 1) add("version", std::to_string(cfg.i64("version")));
  return query;
}

double quota_of(const config& cfg, bool is_pirate) {
  if (cfg.type("quota") != MR_JSON_STRING) return cfg.f64("quota", is_pirate ? 10000 : 1000);
  if (cfg.str("quota") == "unlimited") return 0;
  throw config_error("quota: a number of calls, or \"unlimited\"");
}

poll::PollOptions read_poll_options(const config& cfg) {
  poll::PollOptions options;
  options.slots.every = cfg.duration("every", std::chrono::minutes(30));
  options.slots.from = time_of(cfg, "/history/from");
  options.slots.to = time_of(cfg, "/history/to");
  options.slots.catch_up = cfg.flag("catch_up", false) || options.slots.from.has_value();
  options.rate = {cfg.f64("rate", 1), cfg.f64("burst", 1)};
  options.credential = std::to_string(text::stable_hash(cfg.str("api_key", "")));
  return options;
}

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : is_pirate(cfg.str("dialect", "pirate") == "pirate"),
      url(without_slash(
          cfg.str("url", is_pirate ? "https://api.pirateweather.net" : "https://api.darksky.net"))),
      history_url(without_slash(
          cfg.str("history_url",
                  cfg.has("url") || !is_pirate ? url : "https://timemachine.pirateweather.net"))),
      api_key(cfg.str("api_key", "")),
      key_in_path(cfg.str("key_in", is_pirate ? "header" : "path") == "path"),
      targets(read_targets(cfg)),
      query(query_of(cfg, is_pirate)),
      emit(emit_of(cfg.str("emit", "currently"))),
      missing_is_null(cfg.str("missing", "null") == "null"),
      quota(quota_of(cfg, is_pirate)),
      quota_period(is_pirate ? 30 * kDay : kDay),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      poll(read_poll_options(cfg)) {
  poll::read_connection_keys(cfg, http);
}

void Settings::check() const {
  http::check_http_settings(http);
  if (!http::parse_url(url)) throw config_error("url: not an absolute http or https URL");
  if (!http::parse_url(history_url)) {
    throw config_error("history_url: not an absolute http or https URL");
  }
  if (api_key.empty()) throw config_error("api_key: missing");
  if (poll.slots.to && !poll.slots.from) throw config_error("history.from: missing");
  if (poll.slots.to && *poll.slots.to <= *poll.slots.from) {
    throw config_error("history.to: not after history.from");
  }
  if (quota <= 0) return;
  const auto places = static_cast<double>(targets.size());
  const double period_s = static_cast<double>(quota_period.count()) / 1e6;
  const double every_s = static_cast<double>(poll.slots.every.count()) / 1e6;
  const double calls = places * period_s / every_s;
  if (calls <= quota) return;
  const double least_min = std::ceil(places * period_s / quota / 60);
  const std::string period = is_pirate ? "month" : "day";
  throw config_error("every: " + std::to_string(targets.size()) + " places so often are " +
                     std::to_string(static_cast<int64_t>(calls)) + " calls a " + period +
                     ", and the quota is " + std::to_string(static_cast<int64_t>(quota)) +
                     ": the smallest every that fits is " +
                     std::to_string(static_cast<int64_t>(least_min)) +
                     "m (or set \"quota\" to what your plan allows, or \"unlimited\")");
}

}  // namespace millrace::darksky
