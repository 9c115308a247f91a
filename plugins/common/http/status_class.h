#pragma once

/// What an answer's status means for a source (sources.md §1.3), and which code the host gets.
/// Pure.

#include <millrace/abi.h>

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

/// The status code at the border while a class is being handled: `is_final` once all patience is
/// used up.
mr_rc rc_of_class(StatusClass status_class, bool is_final);

/// 503 -> "503 Service Unavailable", for sentences.
const char* reason_of_status(int status);

}  // namespace millrace::http
