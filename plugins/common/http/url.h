#pragma once

/// URLs as far as a client needs them: parts, origins, redirect targets. By libcurl's parser, so
/// that what is checked here is what will be asked there. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace millrace::http {

struct Url {
  std::string scheme, host, port, path;  ///< `port` is filled in from the scheme.

  bool is_https() const { return scheme == "https"; }
  /// `https://host:443`: what a credential may be sent to.
  std::string origin() const { return scheme + "://" + host + ":" + port; }
  /// For logs: no user, no password, no query, where keys hide.
  std::string printable() const;
};

/// Nullopt: not an absolute http or https URL.
std::optional<Url> parse_url(const std::string& text);

/// The absolute URL that `location` means on the page `base`; nullopt: it is not http or https.
std::optional<std::string> resolve_url(const std::string& base, const std::string& location);

/// `url` with one more query parameter, percent-encoded; unchanged if `url` is none.
std::string with_query(const std::string& url, std::string_view name, std::string_view value);
/// `application/x-www-form-urlencoded`.
std::string form_encoded(std::string_view text);

/// `host` is `domain` or below it: `a.example.org` of `example.org`.
bool is_in_domain(std::string_view host, std::string_view domain);

}  // namespace millrace::http
