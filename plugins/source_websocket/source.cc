// Any WebSocket feed: subscriptions, pings of the service's own, and, where the service can, a
// resume. README.md says what can be lost or repeated.

#include <deque>
#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/json/pointer.h"
#include "common/json/record_fields.h"
#include "common/websocket/ws_client.h"
#include "common/websocket/ws_url.h"
#include "source_websocket/settings.h"
#include "source_websocket_schema.h"

namespace millrace::websocket_source {
namespace {

using http::Micros;
using http::steady_now;
using Kind = websocket::WsHooks::Kind;

std::vector<std::string> other_fields(const Settings& settings) {
  if (!settings.resumes()) return {};
  return {settings.resume_field};
}

class WebSocketSource final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.websocket", "1.0.0", "Apache-2.0",
               "Any WebSocket feed: subscriptions, pings, messages as records.",
               schema::source_websocket, title{"WebSocket"}, status::beta, trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  WebSocketSource(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        fields_(settings_.key, settings_.dedupe_key, other_fields(settings_)),
        requests_(ctx.make_counter("requests", "Handshakes")),
        reconnects_(ctx.make_counter("reconnects", "Connections after the first")),
        retries_(ctx.make_counter("retries", "Attempts that got no feed")),
        stalls_(ctx.make_counter("stalls", "Connections given up because nothing came")),
        overflow_(ctx.make_counter("overflow", "Messages dropped because nobody read")),
        ignored_(ctx.make_counter("ignored", "Messages that are no records")),
        gaps_(ctx.make_counter("gaps", "Known losses")) {}

  traits source_traits() const override {
    return {.bounded = false, .replay = settings_.resumes() ? replay::window : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    seq_ = 0;
    position_.clear();
    lost_at_us_ = last_seen_us_ = 0;
    if (how.state.data() && !how.fresh) restore(how.state);
    lost("not_replayable");
    pending_.clear();
    sent_ = {};
    const std::lock_guard lock(client_mutex_);
    client_ = std::make_unique<websocket::WsClient>(ctx_, settings_.http, settings_.ws, hooks());
  }

  flow poll(const budget& b, emitter& out) override {
    if (ctx_.cancelled()) throw cancelled();
    if (!b.has_credit(0)) return flow::idle;
    const struct Publishing {
      WebSocketSource& self;
      ~Publishing() { self.publish(); }
    } publishing{*this};
    const Micros deadline(b.deadline_us);
    while (out.records() < b.max_records) {
      if (pending_.empty()) {
        const std::string_view message = client_->next(out.records() > 0 ? Micros(0) : deadline);
        if (!message.data()) return out.records() > 0 ? flow::ok : flow::idle;
        take(message);
        continue;
      }
      const std::string& value = pending_.front();
      if (out.records() > 0 && out.bytes() + value.size() > b.max_bytes) return flow::more;
      emit(value, out);
      pending_.pop_front();
    }
    return flow::more;
  }

  std::string snapshot(uint64_t) override {
    return "{\"v\":1,\"seq\":" + std::to_string(seq_) +
           ",\"seen_us\":" + std::to_string(last_seen_us_) +
           ",\"position\":" + json::quoted(position_) + "}";
  }

  void cancel() noexcept override {
    const std::lock_guard lock(client_mutex_);
    if (client_) client_->cancel();
  }

  void close() override {
    const std::lock_guard lock(client_mutex_);
    client_.reset();
  }

 private:
  websocket::WsHooks hooks() {
    return {.url = [this] { return *websocket::web_url(settings_.url); },
            .subscribe = [this] { return subscriptions(); },
            .kind = [this](std::string_view message) { return kind_of(message); },
            .lost = [this] { lost("not_replayable"); },
            .overflowed = [this] { lost("overflow"); },
            .remedy =
                [](const http::Ending& ending) {
                  return http::usual_remedy(ending, "\"headers\" and the address");
                }};
  }

  std::vector<std::string> subscriptions() const {
    std::vector<std::string> texts = settings_.subscribe;
    if (settings_.resumes() && !position_.empty()) {
      texts.push_back(with_position(settings_.resume_send, position_));
    }
    return texts;
  }

  Kind kind_of(std::string_view message) const {
    if (fits_any(settings_.pongs, message)) return Kind::kPong;
    return fits_any(settings_.ignore, message) ? Kind::kOther : Kind::kRecord;
  }

  /// What cannot be asked for again is told with the next record.
  void lost(std::string_view reason) {
    if (settings_.resumes() || lost_at_us_ > 0 || last_seen_us_ == 0) return;
    lost_at_us_ = last_seen_us_;
    lost_reason_ = reason;
  }

  void take(std::string_view message) {
    if (kind_of(message) == Kind::kOther) {
      ++ignored_count_;
      return;
    }
    const auto list =
        settings_.records.empty() ? std::nullopt : json::at_pointer(message, settings_.records);
    const bool has_list = list && json::JsonReader().elements(*list, [&](std::string_view raw) {
      pending_.emplace_back(raw);
    });
    if (!has_list) pending_.emplace_back(message);
  }

  void emit(const std::string& value, emitter& out) {
    const int64_t now_us = http::wall_now().count();
    if (lost_at_us_ > 0) report_gap(now_us, out);
    last_seen_us_ = now_us;
    const bool reads = !settings_.is_raw && fields_.read(value);
    if (!reads && !settings_.is_raw) {
      return out.reject_bytes({.bytes = value, .position = ++seq_}, "not a JSON object");
    }
    const std::string received = std::to_string(now_us);
    const header headers[] = {{"mr.source", "websocket"}, {"mr.received_us", received}};
    record r{.value = value, .position = ++seq_, .headers = headers};
    std::optional<std::string> key;
    if (reads) {
      if ((key = fields_.key())) r.key = *key;
      r.dedupe_hash = fields_.identity();
      r.dedupe_time_us = now_us;
      if (settings_.resumes() && fields_.raw(0).data()) position_ = fields_.raw(0);
    }
    out.append(r);
  }

  void report_gap(int64_t now_us, emitter& out) {
    ++gap_count_;
    out.lost({.from_us = std::exchange(lost_at_us_, 0),
              .to_us = now_us,
              .from_position = seq_,
              .to_position = seq_ + 1,
              .reason = lost_reason_});
  }

  void publish() {
    const websocket::WsCounts now = client_->counts();
    const auto add = [](const counter& to, uint64_t value, uint64_t before) {
      if (value > before) to.add(static_cast<double>(value - before));
    };
    add(requests_, now.requests, sent_.requests);
    add(reconnects_, now.reconnects, sent_.reconnects);
    add(retries_, now.retries, sent_.retries);
    add(stalls_, now.stalls, sent_.stalls);
    add(overflow_, now.overflow, sent_.overflow);
    add(ignored_, std::exchange(ignored_count_, 0), 0);
    add(gaps_, std::exchange(gap_count_, 0), 0);
    sent_ = now;
  }

  void restore(std::string_view state) {
    std::optional<int64_t> version;
    const bool whole =
        json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
          const auto number = json::integer_of(raw);
          if (key == "v") version = number;
          if (key == "seq" && number) seq_ = static_cast<uint64_t>(*number);
          if (key == "seen_us" && number) last_seen_us_ = *number;
          if (key == "position") json::JsonReader().text(raw, position_);
        });
    if (whole && version == 1) return;
    throw fatal("the stored position is not one of this plugin: start with --fresh");
  }

  context ctx_;
  Settings settings_;
  json::RecordFields fields_;
  counter requests_, reconnects_, retries_, stalls_, overflow_, ignored_, gaps_;
  uint64_t ignored_count_ = 0, gap_count_ = 0;
  websocket::WsCounts sent_;
  uint64_t seq_ = 0;
  std::string position_;      ///< JSON of `resume.field` of the last record; empty: none.
  int64_t last_seen_us_ = 0;  ///< When the last record came, also of an earlier run.
  int64_t lost_at_us_ = 0;    ///< A gap begins here; told with the next record.
  std::string_view lost_reason_;
  std::deque<std::string> pending_;
  std::mutex client_mutex_;  ///< Guards the pointer against cancel(); polls need no lock.
  std::unique_ptr<websocket::WsClient> client_;
};

}  // namespace
}  // namespace millrace::websocket_source

MILLRACE_PLUGIN(millrace::websocket_source::WebSocketSource)
