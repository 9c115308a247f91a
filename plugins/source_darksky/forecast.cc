#include "source_darksky/forecast.h"

#include "common/json/pointer.h"
#include "common/text/stable_hash.h"
#include "source_darksky/budget.h"
#include "source_darksky/missing.h"

namespace millrace::darksky {
namespace {

using http::Micros;

std::optional<int64_t> integer_at(std::string_view text, std::string_view pointer) {
  const auto raw = json::at_pointer(text, pointer);
  return raw ? json::integer_of(*raw) : std::nullopt;
}

}  // namespace

Forecast::Forecast(const context& ctx, const Settings& settings) : ctx_(ctx), settings_(settings) {}

/// The slot has passed: only the time machine can still answer for it (DS10).
bool Forecast::is_past(const Slot& slot) const {
  const poll::Slots& slots = poller_->slots();
  return slots.options().catch_up &&
         http::wall_now() >= slots.begin({slot.target, slot.number + 1});
}

std::string Forecast::path(const Slot& slot, const std::string& key) const {
  const std::string place = coordinates(settings_.targets[slot.target]);
  std::string path = "/forecast/" + key + "/" + place;
  if (is_past(slot)) {
    path += "," + std::to_string(poller_->slots().begin(slot).count() / 1'000'000);
  }
  return path;
}

http::Request Forecast::request(const Slot& slot) {
  const std::string& base = is_past(slot) ? settings_.history_url : settings_.url;
  const std::string key = settings_.key_in_path ? settings_.api_key : "key";
  http::Request request{base + path(slot, key) + "?" + settings_.query, {}};
  request.headers.push_back({"Accept", "application/json"});
  if (!settings_.key_in_path) request.headers.push_back({"apikey", settings_.api_key, true});
  return request;
}

/// The key may stand in the path (DS1).
std::string Forecast::printed(const Slot& slot) {
  return (is_past(slot) ? settings_.history_url : settings_.url) + path(slot, "…");
}

Forecast::Next Forecast::take(const Slot& slot, http::Answer& answer,
                              std::vector<poll::Item>& items, std::string& why) {
  note_budget(answer.head);
  json::JsonReader reader;
  bool has_place = false;
  const bool whole = reader.members(answer.body, [&](std::string_view name, std::string_view) {
    has_place |= name == "latitude";
  });
  if (!whole || !has_place) {
    why = answer.body.starts_with("<") ? "a page of HTML instead of a forecast"
                                       : "a body that is no forecast, or is cut short";
    return Next::kAgain;
  }
  const std::string body =
      settings_.missing_is_null ? missing_as_null(answer.body) : std::move(answer.body);
  const bool wants_points = settings_.emit == Emit::kHourly || settings_.emit == Emit::kDaily;
  wants_points ? add_points(slot, body, items) : add_document(slot, body, items);
  return Next::kDone;
}

void Forecast::note_budget(const http::Head& head) {
  const auto quota = read_quota(head, http::wall_now());
  if (!quota) return;
  budget_left_ = quota->remaining;
  poll::Slots& slots = poller_->slots();
  const Micros every = stretched(*quota, slots.size(), settings_.poll.slots.every);
  if (every == slots.options().every) return;
  const bool becomes_longer = every > slots.options().every + slots.options().every / 10;
  const bool is_back = every == settings_.poll.slots.every;
  if (!becomes_longer && !is_back) return;  // Not with every answer.
  slots.stretch(every);
  if (is_back) return ctx_.info("the quota is back: asking as often as configured");
  ctx_.warn("less than a twentieth of the quota is left: asking every " +
            http::duration_text(every) + " until it is renewed");
  poller_->tell_gap("quota", http::wall_now(), http::wall_now() + quota->reset);
}

poll::Item Forecast::item(const Slot& slot, std::string_view value, std::optional<int64_t> time_s,
                          std::string_view issued) const {
  const std::string& name = settings_.targets[slot.target].name;
  poll::Item item{.value = std::string(value), .key = name};
  if (time_s && *time_s > -100'000'000'000 && *time_s < 100'000'000'000) {
    item.time_us = *time_s * 1'000'000;
    std::string identity = name + '\xFF' + std::to_string(*time_s);
    if (!issued.empty()) identity += '\xFF' + std::to_string(slot.number);
    item.dedupe_hash = text::stable_hash(identity);
    item.dedupe_time_us = poller_->slots().begin(slot).count();
    item.dedupe_group = static_cast<uint32_t>(slot.target);
  }
  item.headers = {{"mr.source", "darksky"},
                  {"mr.target", name},
                  {"mr.slot", std::to_string(slot.number)},
                  {"mr.received_us", std::to_string(http::wall_now().count())}};
  if (!issued.empty()) item.headers.emplace_back("mr.issued", issued);
  if (is_past(slot)) item.headers.emplace_back("mr.catch_up", "true");
  return item;
}

void Forecast::add_document(const Slot& slot, std::string_view body,
                            std::vector<poll::Item>& items) {
  poll::Item one = item(slot, body, integer_at(body, "/currently/time"), "");
  if (one.time_us == MR_TIME_NONE) one.broken_why = "no currently.time in the forecast";
  items.push_back(std::move(one));
}

void Forecast::add_points(const Slot& slot, std::string_view body, std::vector<poll::Item>& items) {
  const auto points =
      json::at_pointer(body, settings_.emit == Emit::kHourly ? "/hourly/data" : "/daily/data");
  if (!points) return;  // Any block may be missing (DS3).
  const int64_t slot_s = poller_->slots().begin(slot).count() / 1'000'000;
  const std::string issued = std::to_string(integer_at(body, "/currently/time").value_or(slot_s));
  json::JsonReader reader;
  reader.elements(*points, [&](std::string_view point) {
    poll::Item one = item(slot, point, integer_at(point, "/time"), issued);
    if (one.time_us == MR_TIME_NONE) one.broken_why = "no time in a point of the forecast";
    items.push_back(std::move(one));
  });
}

}  // namespace millrace::darksky
