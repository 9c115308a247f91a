#pragma once

/// What an answer's status means for a source (plugins/RULES.md).
/// Pure.

namespace millrace::http {

enum class StatusClass {
  kOk,           ///< 2xx
  kNoContent,    ///< 204: an event stream has ended for ever (S24).
  kNotModified,  ///< 304
  kRedirect,     ///< 301, 302, 303, 307, 308
  kRetry,        ///< Back off and try again: 408, 425, 429, 5xx.
  kRefused,      ///< Try again a few times, far apart, then stop: 401, 403, 404, 407, 410, 451.
  kOurFault,     ///< The same request will fail again: other 4xx, odd 3xx.
};

StatusClass class_of_status(int status);

/// 503 -> "503 Service Unavailable", for sentences.
const char* reason_of_status(int status);

}  // namespace millrace::http
