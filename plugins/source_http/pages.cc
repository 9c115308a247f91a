#include "source_http/pages.h"

#include <charconv>

#include "common/http/link_header.h"
#include "common/http/url.h"
#include "common/json/pointer.h"

namespace millrace::http_source {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> other_fields(const Settings& settings) {
  if (!settings.since.is_used()) return {};
  return {settings.since.field};
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

bool is_newer(const std::string& a, const std::string& b) {
  const auto x = number_of(a), y = number_of(b);
  return x && y ? *x > *y : a > b;
}

Pages::Pages(const Settings& settings)
    : settings_(settings), fields_(settings.key, settings.dedupe_key, other_fields(settings)) {}

std::string Pages::first_url() const {
  std::string url = settings_.url;
  const Since& since = settings_.since;
  const std::string from = newest_.value_or(since.start);
  if (since.is_used() && !from.empty()) url = http::with_query(url, since.param, from);
  return url;
}

void Pages::begin(const Slot& slot) {
  slot_ = slot;
  pages_ = 0;
  at_ = settings_.paging.first;
  newest_of_slot_ = newest_;
  url_ = first_url();
  const auto kind = settings_.paging.kind;
  if (kind == Paging::Kind::kPage || kind == Paging::Kind::kOffset) {
    url_ = http::with_query(url_, settings_.paging.param, std::to_string(at_));
  }
}

http::Request Pages::request(const Slot&) {
  http::Request request{url_, {}, settings_.method};
  request.home = settings_.url;  // A link may lead to somebody else's host.
  request.headers.push_back({"Accept", settings_.is_raw ? "*/*" : "application/json"});
  if (!settings_.body.empty()) {
    request.headers.push_back({"Content-Type", settings_.content_type});
    request.body = std::make_shared<const std::string>(settings_.body);
  }
  return request;
}

Pages::Next Pages::take(const Slot&, http::Answer& answer, std::vector<poll::Item>& items,
                        std::string& why) {
  const size_t before = items.size();
  if (!settings_.is_raw && answer.body.starts_with(kByteOrderMark)) {
    answer.body.erase(0, kByteOrderMark.size());
  }
  const bool is_empty = answer.status == 204;
  if (!is_empty && !take_records(answer.body, items, why)) return Next::kAgain;
  const std::string status = std::to_string(answer.status);
  const std::string received = std::to_string(http::wall_now().count());
  for (size_t i = before; i < items.size(); ++i) {
    items[i].headers = {{"mr.source", "http"},
                        {"mr.slot", std::to_string(slot_.number)},
                        {"mr.http_status", status},
                        {"mr.received_us", received}};
  }
  ++pages_;
  const auto next = next_url(answer, items.size() - before, why);
  if (next && *next == url_) why = "a next page that is the page itself";
  if (!why.empty()) return Next::kAgain;
  if (!next) return Next::kDone;
  if (pages_ >= settings_.paging.max_pages) {
    why = "more than paginate.max_pages pages";
    return Next::kAgain;
  }
  url_ = *next;
  return Next::kMore;
}

bool Pages::take_records(std::string_view body, std::vector<poll::Item>& items, std::string& why) {
  if (settings_.is_raw) return items.push_back({.value = std::string(body)}), true;
  if (settings_.is_lines()) return add_lines(body, items), true;
  const std::string_view whole = trimmed(body);
  json::JsonReader reader;
  const bool is_array = whole.starts_with('[');
  const bool parses = is_array ? reader.elements(whole, [](std::string_view) {})
                               : reader.members(whole, [](std::string_view, std::string_view) {});
  if (!parses) {
    why = whole.empty() ? "an empty body instead of JSON"
          : whole.starts_with('<')
              ? "a page of HTML instead of JSON (a sign-in page, or a proxy's error page?)"
              : "a body that is not JSON, or is cut short";
    return false;
  }
  const auto found = json::at_pointer(whole, settings_.records);
  if (!found) {
    why = "no member " + settings_.records + " in the answer";
    return false;
  }
  const std::string_view at = trimmed(*found);
  if (settings_.records.empty() && !at.starts_with('[')) return add(at, items), true;
  if (reader.elements(at, [&](std::string_view raw) { add(raw, items); })) return true;
  why = settings_.records + " in the answer is not an array";
  return false;
}

void Pages::add_lines(std::string_view body, std::vector<poll::Item>& items) {
  while (!body.empty()) {
    const size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = trimmed(body.substr(0, end));
    if (!line.empty()) add(line, items);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
}

void Pages::add(std::string_view value, std::vector<poll::Item>& items) {
  poll::Item item{.value = std::string(value)};
  if (fields_.read(item.value)) {
    item.key = fields_.key();
    item.dedupe_hash = fields_.identity();
    item.dedupe_time_us = http::wall_now().count();
    note_newest();
  } else if (value.empty() ||
             (value.front() != '[' && value.front() != '"' && settings_.is_lines())) {
    item.broken_why = "not a JSON object";
  }
  items.push_back(std::move(item));
}

void Pages::note_newest() {
  if (!settings_.since.is_used()) return;
  auto value = fields_.scalar(0);
  if (value && (!newest_of_slot_ || is_newer(*value, *newest_of_slot_))) newest_of_slot_ = value;
}

std::optional<std::string> Pages::next_url(const http::Answer& answer, size_t records,
                                           std::string& why) {
  const Paging& paging = settings_.paging;
  switch (paging.kind) {
    case Paging::Kind::kLink: {
      const auto link = http::find_link(answer.head.joined("link"), "next");
      return link ? resolved(answer, *link, why) : std::nullopt;
    }
    case Paging::Kind::kCursor: return next_cursor(answer, why);
    case Paging::Kind::kOffset:
    case Paging::Kind::kPage:
      if (records == 0) return std::nullopt;
      at_ += paging.kind == Paging::Kind::kPage ? 1 : static_cast<int64_t>(records);
      return http::with_query(first_url(), paging.param, std::to_string(at_));
    default: return std::nullopt;
  }
}

std::optional<std::string> Pages::resolved(const http::Answer& answer, const std::string& link,
                                           std::string& why) {
  auto url = http::resolve_url(answer.url, link);
  if (!url) why = "a next page that is no http or https URL";
  return url;
}

/// The cursor's value, or the address of the next page where no parameter is named.
std::optional<std::string> Pages::next_cursor(const http::Answer& answer, std::string& why) const {
  const auto raw = json::at_pointer(trimmed(answer.body), settings_.paging.cursor);
  if (!raw || json::is_null(*raw) || *raw == "false") return std::nullopt;
  std::string text;
  if (!json::JsonReader().text(*raw, text)) text = *raw;
  if (text.empty()) return std::nullopt;
  if (settings_.paging.param.empty()) return resolved(answer, text, why);
  return http::with_query(first_url(), settings_.paging.param, text);
}

void Pages::put_out(const Slot&) { newest_ = newest_of_slot_; }

std::string Pages::since_json() const { return newest_ ? json::quoted(*newest_) : ""; }

void Pages::restore_since(std::string_view json) {
  newest_.reset();
  std::string text;
  if (!json.empty() && json::JsonReader().text(json, text)) newest_ = text;
}

}  // namespace millrace::http_source
