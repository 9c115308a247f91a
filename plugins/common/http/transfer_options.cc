#include "common/http/transfer_options.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "common/http/url.h"

namespace millrace::http {
namespace {

long ms(Micros duration) { return static_cast<long>(duration.count() / 1000); }

long tls_version(const std::string& min) {
  return min == "1.3" ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
}

/// `tls.ca_file`, else SSL_CERT_FILE and SSL_CERT_DIR, else what libcurl was built with (H12). Each
/// replaces the next one whole: a private CA must not be joined by two hundred public ones.
void apply_trust(CURL* easy, const TlsSettings& tls) {
  const char* file = tls.ca_file.empty() ? std::getenv("SSL_CERT_FILE") : tls.ca_file.c_str();
  const char* folder = tls.ca_file.empty() ? std::getenv("SSL_CERT_DIR") : nullptr;
  if (!file && !folder) return;
  curl_easy_setopt(easy, CURLOPT_CAINFO, file);
  curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

void apply_tls(CURL* easy, const TlsSettings& tls) {
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_version(tls.min));
  apply_trust(easy, tls);
  if (!tls.client_cert.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.client_key.c_str());
}

}  // namespace

void apply_connection_options(CURL* easy, const HttpSettings& settings) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  if (settings.connection_age.count() > 0) {  // In whole seconds, and 0 would mean for ever.
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN,
                     std::max(ms(settings.connection_age) / 1000, 1L));
  }
  // A name look-up cannot be broken off; without this, closing would wait for it. The resolver
  // thread then ends by itself and touches nothing of ours.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A net under our own clocks, which tell connecting and TLS apart.
  const Micros both = settings.connect_timeout + settings.tls_timeout;
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms(both) + 1000);
  if (!settings.user_agent.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  }
  // Not set at all: libcurl reads http_proxy, HTTPS_PROXY, ALL_PROXY and NO_PROXY itself.
  if (settings.proxy) curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy->c_str());
  apply_tls(easy, settings.tls);
}

std::string with_server_name(const std::string& url, const std::string& server_name,
                             std::string& connect_to, std::string& host) {
  const auto parts = parse_url(url);
  if (server_name.empty() || !parts || !parts->is_https()) return url;
  // SNI and certificate check follow the URL's host, so that becomes the wanted name; the real
  // host is what is connected to and what the request says.
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle(curl_url(), curl_url_cleanup);
  char* text = nullptr;
  if (curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_HOST, server_name.c_str(), 0) != CURLUE_OK ||
      curl_url_get(handle.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) {
    return url;
  }
  connect_to = server_name + ":" + parts->port + ":" + parts->host + ":" + parts->port;
  host = parts->host + (parts->port == "443" ? "" : ":" + parts->port);
  std::string renamed = text;
  curl_free(text);
  return renamed;
}

}  // namespace millrace::http
