#include "common/http/settings.h"

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace millrace::http {
namespace {

RetrySettings read_retry(const config& cfg) {
  RetrySettings retry;
  retry.initial = cfg.duration("/retry/initial", retry.initial);
  retry.max = cfg.duration("/retry/max", retry.max);
  retry.max_after = cfg.duration("/retry/max_after", retry.max_after);
  retry.multiplier = cfg.f64("/retry/multiplier", retry.multiplier);
  retry.full_jitter = cfg.str("/retry/jitter", "full") == "full";
  retry.reset_after = cfg.duration("/retry/reset_after", retry.reset_after);
  retry.give_up_after = cfg.duration("/retry/give_up_after", retry.give_up_after);
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

/// RFC 9110, 5.1.
bool is_header_name(const std::string& name) {
  constexpr std::string_view kMore = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMore.find(c) != kMore.npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

/// Without a scheme it is an HTTP proxy. It may hold a password, so it is not shown.
void check_proxy(const std::string& proxy) {
  const size_t end = proxy.find("://");
  if (end == proxy.npos) return;
  for (const char* known : {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}) {
    if (strncasecmp(proxy.c_str(), known, end) == 0 && std::strlen(known) == end) return;
  }
  throw config_error("proxy: not the URL of an HTTP or SOCKS proxy (http://HOST:PORT)");
}

}  // namespace

HttpSettings read_http_settings(const config& cfg, const std::string& agent_default) {
  HttpSettings settings;
  for (const auto& [name, value] : cfg.members("headers")) {
    settings.headers.push_back({name, value.str("")});
  }
  settings.user_agent = cfg.str("user_agent", agent_default);
  settings.connect_timeout = cfg.duration("connect_timeout", settings.connect_timeout);
  settings.tls_timeout = cfg.duration("tls_timeout", settings.tls_timeout);
  settings.header_timeout = cfg.duration("header_timeout", settings.header_timeout);
  settings.read_timeout = cfg.duration("read_timeout", settings.read_timeout);
  settings.retry = read_retry(cfg);
  settings.grace.attempts = static_cast<uint32_t>(cfg.i64("/auth_grace/attempts", 3));
  settings.grace.over = cfg.duration("/auth_grace/over", settings.grace.over);
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
  if (settings.proxy) check_proxy(*settings.proxy);
  if (breaks_lines(settings.user_agent)) throw config_error("user_agent: holds a line break");
  for (const Header& header : settings.headers) {
    if (!is_header_name(header.name)) {
      throw config_error("headers: \"" + header.name + "\" is not a header name");
    }
    if (breaks_lines(header.value)) {
      throw config_error("headers: the value of \"" + header.name + "\" holds a line break");
    }
  }
}

void warn_of_insecurity(const context& ctx, const HttpSettings& settings) {
  if (settings.tls.verify) return;
  ctx.warn("tls.verify is off: anybody on the way can pretend to be the server");
}

std::string default_user_agent(const context& ctx, std::string_view contact) {
  const char* version = ctx.host()->version;
  std::string agent = "millrace/" + std::string(version ? version : "1");
  if (contact.empty()) return agent;
  const bool is_url = contact.find("://") != contact.npos;
  return agent + " (" + (is_url ? "+" : "") + std::string(contact) + ")";
}

}  // namespace millrace::http
