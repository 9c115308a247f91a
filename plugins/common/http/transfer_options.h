#pragma once

/// Settings -> libcurl options, for every kind of transfer.

#include <curl/curl.h>

#include "common/http/settings.h"

namespace millrace::http {

/// Connection, TLS and proxy. `settings` may go away afterwards: libcurl copies texts.
void apply_connection_options(CURL* easy, const HttpSettings& settings);

/// `tls.server_name`: the certificate and the SNI are to be of that name, though the host of `url`
/// is connected to. Returns the URL to ask for; `connect_to` gets what CURLOPT_CONNECT_TO wants and
/// `host` the Host header, both empty if the name is not configured.
std::string with_server_name(const std::string& url, const std::string& server_name,
                             std::string& connect_to, std::string& host);

}  // namespace millrace::http
