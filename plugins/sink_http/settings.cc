#include "sink_http/settings.h"

#include "common/http/url.h"

namespace millrace::http_sink {

Settings::Settings(const context& ctx, const config& cfg)
    : url(cfg.str("url", "")),
      method(cfg.str("method", "POST")),
      idempotency_header(cfg.str("idempotency_header", "Idempotency-Key")),
      is_array(cfg.str("format", "ndjson") == "json"),
      batch_records(static_cast<uint64_t>(cfg.i64("/batch/records", 500))),
      batch_bytes(cfg.bytes("/batch/bytes", 1 << 20)),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))) {}

void Settings::check() const {
  http::check_http_settings(http);
  if (!http::parse_url(url)) throw config_error("url: not an absolute http or https URL");
  for (const http::Header& header : http.headers) {
    if (header.name == idempotency_header) {
      throw config_error("headers: \"" + header.name + "\" is written by idempotency_header");
    }
  }
}

}  // namespace millrace::http_sink
