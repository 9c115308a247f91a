#include "source_meetup/graph.h"

#include <charconv>

#include "common/http/host_gate.h"
#include "common/http/retry_after.h"
#include "common/http/url.h"
#include "common/json/pointer.h"
#include "common/text/printable.h"
#include "common/text/stable_hash.h"
#include "common/text/time_text.h"
#include "source_meetup/personal.h"

namespace millrace::meetup {
namespace {

using http::Micros;

constexpr const char* kFind =
    "query Find($q:String!,$lat:Float!,$lon:Float!,$r:Float,$from:DateTime,$n:Int,$after:String){ "
    "eventSearch(filter:{query:$q,lat:$lat,lon:$lon,radius:$r,startDateRange:$from},first:$n,after:"
    "$after){ "
    "totalCount pageInfo{hasNextPage endCursor} edges{node{id title dateTime duration eventType "
    "eventUrl status "
    "createdTime venues{id name city country lat lon} group{id name urlname city state country lat "
    "lon timezone} "
    "rsvps(first:1){totalCount yesCount}}} } }";
constexpr const char* kRsvps =
    "query Rsvps($id:ID!,$n:Int,$after:String){ event(id:$id){ id title dateTime "
    "rsvps(first:$n,after:$after){ "
    "totalCount yesCount noCount waitlistCount pageInfo{hasNextPage endCursor} edges{node{id "
    "status guestsCount "
    "updated isHost member{id name} venue{id name}}} } } }";

std::string number_text(double number) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, number);
  return {text, end.ptr};
}

std::string text_at(std::string_view json, std::string_view pointer) {
  std::string text;
  if (const auto raw = json::at_pointer(json, pointer)) json::JsonReader().text(*raw, text);
  return text;
}

bool is_there(const std::optional<std::string_view>& raw) { return raw && !json::is_null(*raw); }

}  // namespace

Graph::Graph(const Settings& settings, Known& known, bool finds)
    : settings_(settings), known_(known), finds_(finds) {}

std::vector<std::string> Graph::targets() const {
  std::vector<std::string> names;
  if (finds_) {
    for (const Search& search : settings_.searches) names.push_back(search.name);
    return names;
  }
  std::set<std::string> events(settings_.events.begin(), settings_.events.end());
  events.insert(known_.found.begin(), known_.found.end());
  names.assign(events.begin(), events.end());
  return names;
}

const Search& Graph::search_of(const Slot& slot) const { return settings_.searches[slot.target]; }

const std::string& Graph::event_of(const Slot& slot) const {
  return poller_->slots().name(slot.target);
}

void Graph::begin(const Slot&) {
  is_whole_ = true;
  after_.clear();
  seen_.clear();
  found_in_slot_.clear();
}

http::Request Graph::request(const Slot& slot) {
  std::string variables = "{\"n\":" + std::to_string(settings_.page);
  if (finds_) {
    const Search& search = search_of(slot);
    const int64_t now_ms = http::wall_now().count() / 1000;
    variables += ",\"q\":" + json::quoted(search.query) + ",\"lat\":" + number_text(search.lat) +
                 ",\"lon\":" + number_text(search.lon) + ",\"r\":" + number_text(search.radius) +
                 ",\"from\":" + json::quoted(text::time_text(now_ms - now_ms % 86'400'000));
  } else {
    variables += ",\"id\":" + json::quoted(event_of(slot));
  }
  if (!after_.empty()) variables += ",\"after\":" + json::quoted(after_);
  http::Request request{settings_.url, {}, "POST"};
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"Accept", "application/json"});
  request.body = std::make_shared<const std::string>(
      "{\"query\":" + json::quoted(finds_ ? kFind : kRsvps) + ",\"variables\":" + variables + "}}");
  return request;
}

Graph::Next Graph::take(const Slot& slot, http::Answer& answer, std::vector<poll::Item>& items,
                        std::string& why) {
  const auto data = json::at_pointer(answer.body, "/data"),
             errors = json::at_pointer(answer.body, "/errors");
  if (!data && !errors) {
    why = "an answer that is neither data nor errors";
    return Next::kAgain;
  }
  const size_t before = items.size();
  if (is_there(errors) && take_errors(*errors, answer.head, items, why)) return Next::kAgain;
  if (is_there(errors)) is_whole_ = false;
  const auto connection =
      !data ? data : json::at_pointer(*data, finds_ ? "/eventSearch" : "/event/rsvps");
  if (!is_there(data) || !is_there(connection)) {
    // A cursor that is refused ends this listing; the next slot begins a new one (MU6).
    if (items.size() == before)
      items.push_back(
          {.value = std::string(answer.body.substr(0, 8192)), .broken_why = "no such event"});
    is_whole_ = false;
    seen_.clear();
    return Next::kDone;
  }
  if (finds_ && !take_search(*connection)) {
    why = "a page of events that cannot be read";
    return Next::kAgain;
  }
  if (!finds_) take_rsvps(slot, *data, items);
  const Next next = page_done(slot, *connection, items, why);
  if (next == Next::kAgain && !settings_.is_personal) {  // The damage may be shown, people may not.
    answer.body = std::string(json::at_pointer(*connection, "/pageInfo").value_or(""));
  }
  return next;
}

Graph::Next Graph::page_done(const Slot& slot, std::string_view connection,
                             std::vector<poll::Item>& items, std::string& why) {
  const auto more = json::at_pointer(connection, "/pageInfo/hasNextPage");
  const std::string cursor = text_at(connection, "/pageInfo/endCursor");
  const bool has_more = more && *more == "true";
  if (has_more && (cursor.empty() || cursor == after_)) {
    why = "a next page that is the page itself, or has no cursor";
    return Next::kAgain;
  }
  if (has_more) {
    after_ = cursor;
    return Next::kMore;
  }
  is_whole_ &= more && *more == "false";
  if (settings_.reports_absence && !finds_ && is_whole_) add_absent(slot, items);
  return Next::kDone;
}

/// Errors come with status 200 (MU4).
bool Graph::take_errors(std::string_view errors, const http::Head& head,
                        std::vector<poll::Item>& items, std::string& why) {
  bool is_limit = false;
  json::JsonReader().elements(errors, [&](std::string_view error) {
    const std::string message = text_at(error, "/message");
    if (text_at(error, "/extensions/code") == "RATE_LIMITED") {
      is_limit = true;
      why = "the rate limit of the service: " + text::printable(message);
      const auto reset_ms = text::parse_time_ms(text_at(error, "/extensions/resetAt"));
      const Micros now = http::steady_now();
      const auto url = http::parse_url(settings_.url);
      if (reset_ms) {
        const Micros wait = std::min(
            Micros(*reset_ms * 1000) - http::server_now(head.find("date"), http::wall_now()),
            settings_.http.retry.max_after);
        http::HostGate::shared().hold(url->origin(), now + std::max(wait, Micros(0)));
      }
      return;
    }
    items.push_back({.value = std::string(error),
                     .broken_why = "the service says: " + text::printable(message)});
  });
  return is_limit;
}

Graph::Failed Graph::failed(const Slot& slot, const http::Ending& ending,
                            std::vector<poll::Item>& items) {
  const bool is_refused_cursor =
      ending.why == http::Ending::Why::kStatus && ending.status == 400 && !after_.empty();
  if (!is_refused_cursor) return Failed::kOrdinary;
  begin(slot);
  items.clear();
  return Failed::kRetryNow;
}

bool Graph::take_search(std::string_view connection) {
  const auto edges = json::at_pointer(connection, "/edges");
  return edges && json::JsonReader().elements(*edges, [&](std::string_view edge) {
    const std::string id = text_at(edge, "/node/id");
    if (!id.empty()) found_in_slot_.insert(id);
  });
}

void Graph::take_rsvps(const Slot& slot, std::string_view data, std::vector<poll::Item>& items) {
  const auto event = json::at_pointer(data, "/event");
  std::string described;
  json::JsonReader().members(*event, [&](std::string_view key, std::string_view raw) {
    if (key == "rsvps") return;
    described += (described.empty() ? "" : ",") + json::quoted(key) + ":" + std::string(raw);
  });
  const auto edges = json::at_pointer(*event, "/rsvps/edges");
  const bool is_list = edges && json::JsonReader().elements(*edges, [&](std::string_view edge) {
    const auto node = json::at_pointer(edge, "/node");
    node ? add_rsvp(slot, "{" + described + "}", *node, items) : void(is_whole_ = false);
  });
  is_whole_ &= is_list;
}

void Graph::add_rsvp(const Slot& slot, const std::string& event, std::string_view node,
                     std::vector<poll::Item>& items) {
  json::RecordFields fields("", {}, {"id", "status", "guestsCount", "updated"});
  const auto id = fields.read(node) ? fields.scalar(0) : std::nullopt;
  is_whole_ &= id.has_value();
  if (!id)
    return items.push_back(
        {.value = settings_.is_personal ? std::string(node) : without_people(node),
         .broken_why = "an RSVP without an id"});
  std::string whole;
  for (size_t i = 1; i < 4; ++i) whole += fields.scalar(i).value_or("\x01") + '\xFF';
  const uint64_t state = text::stable_hash(whole);
  const bool is_repeat = !seen_.emplace(*id, state).second;  // Listings shift while they are paged.
  if (is_repeat || !known_.tracked.differs(event_of(slot), *id, state)) return;
  const auto updated_ms = text::parse_time_ms(fields.scalar(3).value_or(""));
  poll::Item one = item(slot, "{\"event\":" + event + ",\"rsvp\":" + std::string(node) + "}",
                        updated_ms ? std::optional(*updated_ms * 1000) : std::nullopt);
  one.dedupe_hash = text::stable_hash(*id + '\xFF' + whole);
  one.dedupe_time_us = poller_->slots().begin(slot).count();
  items.push_back(std::move(one));
}

void Graph::add_absent(const Slot& slot, std::vector<poll::Item>& items) {
  const std::string event = event_of(slot);
  for (const std::string& id : known_.tracked.absent(event, seen_)) {
    items.push_back(item(slot,
                         "{\"event\":{\"id\":" + json::quoted(event) +
                             "},\"rsvp\":{\"id\":" + json::quoted(id) + ",\"status\":\"ABSENT\"}}",
                         std::nullopt));
  }
}

poll::Item Graph::item(const Slot& slot, std::string value, std::optional<int64_t> time_us) const {
  poll::Item one{.value = settings_.is_personal ? std::move(value) : without_people(value),
                 .key = event_of(slot)};
  one.time_us = time_us.value_or(poller_->slots().begin(slot).count());
  one.headers = {{"mr.source", "meetup"},
                 {"mr.slot", std::to_string(slot.number)},
                 {"mr.received_us", std::to_string(http::wall_now().count())}};
  if (!settings_.is_personal) one.headers.emplace_back("mr.personal", "hashed");
  return one;
}

void Graph::put_out(const Slot& slot) {
  if (finds_) {
    known_.found.insert(found_in_slot_.begin(), found_in_slot_.end());
  } else if (!seen_.empty() || is_whole_) {
    known_.tracked.keep(event_of(slot), seen_, settings_.reports_absence && is_whole_);
  }
}

std::string Known::snapshot() const {
  std::string text = "{\"found\":[";
  const char* comma = "";
  for (const std::string& event : found) {
    text += comma + json::quoted(event);
    comma = ",";
  }
  return text + "],\"answers\":" + tracked.snapshot() + "}";
}

void Known::restore(std::string_view json) {
  found.clear();
  json::JsonReader().members(json, [&](std::string_view key, std::string_view raw) {
    if (key == "answers") tracked.restore(raw);
    if (key != "found") return;
    json::JsonReader().elements(raw, [&](std::string_view id) {
      std::string text;
      if (json::JsonReader().text(id, text)) found.insert(text);
    });
  });
}

}  // namespace millrace::meetup
