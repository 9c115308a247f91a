#include "common/http/status_class.h"

namespace millrace::http {

StatusClass class_of_status(int status) {
  switch (status) {
    case 204: return StatusClass::kNoContent;
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return StatusClass::kRedirect;
    case 304: return StatusClass::kNotModified;
    case 401:
    case 403:
    case 404:
    case 407:
    case 410:
    case 451: return StatusClass::kRefused;
    case 408:
    case 425:
    case 429: return StatusClass::kRetry;
    default: break;
  }
  if (status >= 200 && status < 300) return StatusClass::kOk;
  return status >= 500 ? StatusClass::kRetry : StatusClass::kOurFault;
}

const char* reason_of_status(int status) {
  switch (status) {
    case 400: return "400 Bad Request";
    case 401: return "401 Unauthorized";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 407: return "407 Proxy Authentication Required";
    case 408: return "408 Request Timeout";
    case 410: return "410 Gone";
    case 429: return "429 Too Many Requests";
    case 500: return "500 Internal Server Error";
    case 502: return "502 Bad Gateway";
    case 503: return "503 Service Unavailable";
    case 504: return "504 Gateway Timeout";
    default: return nullptr;
  }
}

}  // namespace millrace::http
