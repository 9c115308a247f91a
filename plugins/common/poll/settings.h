#pragma once

/// Keys that all sources which poll read beside those of common/http (keys.json here).

#include "common/http/settings.h"

namespace millrace::poll {

/// `max_age` of a connection and `silence_timeout` of an answer, into `settings`.
void read_connection_keys(const config& cfg, http::HttpSettings& settings);

}  // namespace millrace::poll
