#pragma once

/// The Retry-After header (H4): seconds, or an HTTP date in any of its three forms, measured
/// against the answer's own `Date` where there is one, so that a wrong clock here does no harm.
/// Pure.

#include <optional>
#include <string_view>

#include "common/http/clock.h"

namespace millrace::http {

struct RetryAfter {
  Micros wait{0};        ///< Never negative: the past means now.
  bool clamped = false;  ///< The server asked for more than `longest`.
};

/// `date`: the answer's Date header, empty if none; `now`: our wall clock. Nullopt: neither form.
std::optional<RetryAfter> parse_retry_after(std::string_view value, std::string_view date,
                                            Micros now, Micros longest);

/// What the time is at the server: its Date header, else (`date` empty or none) our wall clock.
Micros server_now(std::string_view date, Micros now);

/// Seconds since 1970 of an HTTP date: IMF-fixdate, RFC 850 or asctime.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace millrace::http
