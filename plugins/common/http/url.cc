#include "common/http/url.h"

#include <curl/curl.h>

#include <memory>

namespace millrace::http {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

Handle opened(const std::string& text) {
  Handle handle(curl_url(), curl_url_cleanup);
  if (handle && curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    handle.reset();
  }
  return handle;
}

std::string part(CURLU* handle, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, what, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

bool is_web(const std::string& scheme) { return scheme == "http" || scheme == "https"; }

}  // namespace

std::string Url::printable() const {
  const bool usual = port == (is_https() ? "443" : "80");
  return scheme + "://" + host + (usual ? "" : ":" + port) + path;
}

std::optional<Url> parse_url(const std::string& text) {
  const Handle handle = opened(text);
  if (!handle) return std::nullopt;
  Url url{part(handle.get(), CURLUPART_SCHEME), part(handle.get(), CURLUPART_HOST),
          part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT),
          part(handle.get(), CURLUPART_PATH)};
  if (!is_web(url.scheme) || url.host.empty()) return std::nullopt;
  for (char& c : url.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return url;
}

std::optional<std::string> resolve_url(const std::string& base, const std::string& location) {
  const Handle handle = opened(base);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  if (!is_web(part(handle.get(), CURLUPART_SCHEME))) return std::nullopt;
  return part(handle.get(), CURLUPART_URL);
}

std::string form_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string with_query(const std::string& url, std::string_view name, std::string_view value) {
  const Handle handle = opened(url);
  const std::string pair = form_encoded(name) + "=" + form_encoded(value);
  if (!handle ||
      curl_url_set(handle.get(), CURLUPART_QUERY, pair.c_str(), CURLU_APPENDQUERY) != CURLUE_OK) {
    return url;
  }
  return part(handle.get(), CURLUPART_URL);
}

bool is_in_domain(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

}  // namespace millrace::http
