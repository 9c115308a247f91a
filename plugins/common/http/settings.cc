#include "common/http/settings.h"

#include <unistd.h>

#include <charconv>

namespace millrace::http {
namespace {

struct Unit {
  std::string_view name;
  double us;
};
constexpr Unit kUnits[] = {{"us", 1},   {"ms", 1e3},   {"s", 1e6},
                           {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}};

RetrySettings read_retry(const config& cfg) {
  RetrySettings retry;
  retry.initial = read_duration(cfg, "/retry/initial", retry.initial);
  retry.max = read_duration(cfg, "/retry/max", retry.max);
  retry.max_after = read_duration(cfg, "/retry/max_after", retry.max_after);
  retry.multiplier = cfg.f64("/retry/multiplier", retry.multiplier);
  retry.full_jitter = cfg.str("/retry/jitter", "full") == "full";
  retry.reset_after = read_duration(cfg, "/retry/reset_after", retry.reset_after);
  retry.give_up_after = read_duration(cfg, "/retry/give_up_after", retry.give_up_after);
  return retry;
}

LimitSettings read_limits(const config& cfg) {
  LimitSettings limits;
  limits.header = cfg.bytes("/max/header", limits.header);
  limits.line = cfg.bytes("/max/line", limits.line);
  limits.message = cfg.bytes("/max/message", limits.message);
  limits.body = cfg.bytes("/max/body", limits.body);
  limits.redirects = static_cast<uint32_t>(cfg.i64("/max/redirects", limits.redirects));
  return limits;
}

TlsSettings read_tls(const config& cfg) {
  TlsSettings tls;
  tls.verify = cfg.flag("/tls/verify", tls.verify);
  tls.insecure = cfg.flag("/tls/insecure", tls.insecure);
  tls.ca_file = cfg.str("/tls/ca_file", "");
  tls.min = cfg.str("/tls/min", tls.min);
  tls.server_name = cfg.str("/tls/server_name", "");
  tls.client_cert = cfg.str("/tls/client_cert", "");
  tls.client_key = cfg.str("/tls/client_key", "");
  return tls;
}

void check_readable(const char* key, const std::string& file) {
  if (!file.empty() && access(file.c_str(), R_OK) != 0) {
    throw config_error(std::string(key) + ": cannot read " + file);
  }
}

bool breaks_lines(const std::string& text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

}  // namespace

HttpSettings read_http_settings(const config& cfg, const std::string& agent_default) {
  HttpSettings settings;
  for (const auto& [name, value] : cfg.members("headers")) {
    settings.headers.push_back({name, value.str("")});
  }
  settings.user_agent = cfg.str("user_agent", agent_default);
  settings.connect_timeout = read_duration(cfg, "connect_timeout", settings.connect_timeout);
  settings.tls_timeout = read_duration(cfg, "tls_timeout", settings.tls_timeout);
  settings.header_timeout = read_duration(cfg, "header_timeout", settings.header_timeout);
  settings.read_timeout = read_duration(cfg, "read_timeout", settings.read_timeout);
  settings.retry = read_retry(cfg);
  settings.grace.attempts = static_cast<uint32_t>(cfg.i64("/auth_grace/attempts", 3));
  settings.grace.over = read_duration(cfg, "/auth_grace/over", settings.grace.over);
  settings.limits = read_limits(cfg);
  settings.tls = read_tls(cfg);
  if (cfg.has("proxy")) settings.proxy = cfg.str("proxy");
  return settings;
}

void check_http_settings(const HttpSettings& settings) {
  const TlsSettings& tls = settings.tls;
  if (!tls.verify && !tls.insecure) {
    throw config_error(
        "tls.verify: false lets anybody pretend to be the server; if that is really meant, write "
        "\"insecure\": true beside it");
  }
  check_readable("tls.ca_file", tls.ca_file);
  check_readable("tls.client_cert", tls.client_cert);
  check_readable("tls.client_key", tls.client_key);
  if (breaks_lines(settings.user_agent)) throw config_error("user_agent: holds a line break");
  for (const Header& header : settings.headers) {
    if (header.name.empty() || breaks_lines(header.name) ||
        header.name.find(':') != std::string::npos) {
      throw config_error("headers: \"" + header.name + "\" is not a header name");
    }
    if (breaks_lines(header.value)) {
      throw config_error("headers: the value of \"" + header.name + "\" holds a line break");
    }
  }
}

std::string default_user_agent(const context& ctx, std::string_view contact) {
  const char* version = ctx.host()->version;
  std::string agent = "millrace/" + std::string(version ? version : "1");
  if (contact.empty()) return agent;
  const bool is_url = contact.find("://") != contact.npos;
  return agent + " (" + (is_url ? "+" : "") + std::string(contact) + ")";
}

std::optional<Micros> parse_duration(std::string_view text) {
  if (text == "0") return Micros(0);
  if (text.empty()) return std::nullopt;
  double us = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view name = text.substr(0, letters);
    const Unit* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                    [&](const Unit& u) { return u.name == name; });
    if (unit == std::end(kUnits)) return std::nullopt;
    us += number * unit->us;
    text.remove_prefix(letters);
  }
  if (us > 9e18) return std::nullopt;
  return Micros(static_cast<int64_t>(us));
}

Micros read_duration(const config& cfg, std::string_view field, Micros fallback) {
  if (!cfg.has(field)) return fallback;
  const std::string text = cfg.str(field);
  if (const auto duration = parse_duration(text)) return *duration;
  throw config_error(std::string(field) + ": \"" + text + "\" is not a duration");
}

}  // namespace millrace::http
