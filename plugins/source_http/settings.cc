#include "source_http/settings.h"

#include "common/http/url.h"
#include "common/poll/settings.h"
#include "common/text/stable_hash.h"

namespace millrace::http_source {
namespace {

Paging::Kind kind_of(const std::string& text) {
  if (text == "link") return Paging::Kind::kLink;
  if (text == "cursor") return Paging::Kind::kCursor;
  if (text == "offset") return Paging::Kind::kOffset;
  if (text == "page") return Paging::Kind::kPage;
  return Paging::Kind::kNone;
}

Paging read_paging(const config& cfg) {
  Paging paging;
  paging.kind = kind_of(cfg.str("/paginate/kind", "none"));
  paging.cursor = cfg.str("/paginate/cursor", "");
  const bool counts_pages = paging.kind == Paging::Kind::kPage;
  paging.param = cfg.str("/paginate/param", "");
  if (paging.param.empty() && paging.kind == Paging::Kind::kOffset) paging.param = "offset";
  if (paging.param.empty() && counts_pages) paging.param = "page";
  paging.first = cfg.i64("/paginate/first", counts_pages ? 1 : 0);
  paging.max_pages = static_cast<uint32_t>(cfg.i64("/paginate/max_pages", 100));
  return paging;
}

poll::PollOptions read_poll_options(const config& cfg, const std::string& credential) {
  poll::PollOptions options;
  options.slots.every = cfg.duration("every", std::chrono::minutes(1));
  options.slots.spread = false;
  options.rate = {cfg.f64("rate", 0), cfg.f64("burst", 1)};
  options.credential = std::to_string(text::stable_hash(credential));
  return options;
}

bool is_pointer(const std::string& text) { return text.empty() || text.front() == '/'; }

}  // namespace

Settings::Settings(const context& ctx, const config& cfg)
    : url(cfg.str("url", "")),
      method(cfg.str("method", "GET")),
      body(cfg.str("body", "")),
      content_type(cfg.str("content_type", "application/json")),
      records(cfg.str("records", "")),
      is_raw(cfg.str("format", "json") == "raw"),
      paging(read_paging(cfg)),
      since{cfg.str("/since/param", ""), cfg.str("/since/field", ""), cfg.str("/since/start", "")},
      key(cfg.str("key", "")),
      dedupe_key(cfg.strings("dedupe_key")),
      auth(auth::read_auth_settings(cfg)),
      http(http::read_http_settings(cfg, http::default_user_agent(ctx, cfg.str("contact", "")))),
      poll(read_poll_options(cfg, auth.token + auth.user + auth.client_id)) {
  poll::read_connection_keys(cfg, http);
}

void Settings::check() const {
  http::check_http_settings(http);
  auth::check_auth_settings(auth);
  if (!http::parse_url(url)) throw config_error("url: not an absolute http or https URL");
  if (poll.slots.every < std::chrono::milliseconds(10)) {
    throw config_error("every: at least 10ms");
  }
  if (!is_lines() && !is_pointer(records)) {
    throw config_error("records: \"" + records +
                       "\" is neither \"\" nor \"lines\" nor a JSON pointer");
  }
  if (is_raw && (!records.empty() || !key.empty() || !dedupe_key.empty() || since.is_used())) {
    throw config_error("format: a raw body has no fields, so no records, key, dedupe_key or since");
  }
  const bool needs_cursor = paging.kind == Paging::Kind::kCursor;
  if (needs_cursor && (paging.cursor.empty() || !is_pointer(paging.cursor))) {
    throw config_error("paginate.cursor: a JSON pointer to the next page's cursor is needed");
  }
  const bool is_unused =
      paging.kind == Paging::Kind::kNone && !(paging.cursor + paging.param).empty();
  if (is_unused) throw config_error("paginate.kind: missing, so only the first page would be read");
  if (since.is_used() && since.field.empty()) throw config_error("since.field: missing");
  if (!since.is_used() && !(since.field + since.start).empty()) {
    throw config_error("since.param: missing");
  }
}

}  // namespace millrace::http_source
