// Any stream of server-sent events. Its last event id is kept in the commit and sent back as it
// came; README.md says what can be lost or repeated.

#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/http/patience.h"
#include "common/http/url.h"
#include "common/json/problem_text.h"
#include "common/json/record_fields.h"
#include "common/sse/metrics.h"
#include "common/text/stable_hash.h"
#include "source_sse/position.h"
#include "source_sse/settings.h"
#include "source_sse_schema.h"

namespace millrace::sse_source {
namespace {

using http::Micros;

class SseSource final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.sse", "1.0.0", "Apache-2.0",
               "Any stream of server-sent events (text/event-stream).", schema::source_sse,
               title{"Server-sent events"}, status::beta, trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  SseSource(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        fields_(settings_.key, settings_.dedupe_key),
        metrics_(ctx) {}

  traits source_traits() const override {
    return {.bounded = false, .replay = settings_.replays ? replay::window : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    position_ = {0, settings_.start_id};
    last_receipt_us_ = 0;
    ended_ = has_event_ = was_cut_ = false;
    const bool has_state = how.state.data() && !how.fresh;
    if (has_state && !position_.restore(how.state)) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    metrics_.restart();
    const std::lock_guard lock(client_mutex_);
    client_ = std::make_unique<sse::SseClient>(ctx_, settings_.http, settings_.sse, hooks());
  }

  flow poll(const budget& b, emitter& out) override {
    if (ctx_.cancelled()) throw cancelled();
    if (ended_) return flow::end;
    if (!b.has_credit(0)) return flow::idle;
    flow answer = flow::more;
    try {
      answer = take_events(b, out);
    } catch (const failure&) {
      metrics_.publish(client_->counts());
      throw;
    }
    metrics_.publish(client_->counts());
    return answer;
  }

  std::string snapshot(uint64_t) override { return position_.snapshot(); }

  void cancel() noexcept override {
    const std::lock_guard lock(client_mutex_);
    if (client_) client_->cancel();
  }

  void close() override {
    const std::lock_guard lock(client_mutex_);
    client_.reset();
    has_event_ = false;
  }

 private:
  sse::SseHooks hooks() {
    return {.request = [this] { return request(); },
            .refused = [this](const http::Ending& ending) { return refused(ending); },
            .connected = [this](std::string_view) { connected(); },
            .remedy =
                [](const http::Ending& ending) {
                  return json::problem_text(ending.body) + http::common_remedy(ending);
                }};
  }

  sse::SseRequest request() const {
    if (settings_.id_param.empty()) return {settings_.url, position_.id};
    if (position_.id.empty()) return {settings_.url, ""};
    return {http::with_query(settings_.url, settings_.id_param, position_.id), ""};
  }

  /// S28: the standard has no word for an id that is too old; some services answer 400 or 404.
  bool refused(const http::Ending& ending) {
    if (position_.id.empty() || position_.id == settings_.start_id) return false;
    ctx_.warn("the service refused the stored event id" + json::problem_text(ending.body));
    position_.id.clear();
    lost_reason_ = "retention";
    return true;
  }

  void connected() {
    const bool cannot_resume = position_.id.empty() && was_cut_;
    if (cannot_resume && lost_reason_.empty()) lost_reason_ = "not_replayable";
    was_cut_ = true;
  }

  flow take_events(const budget& b, emitter& out) {
    const Micros deadline(b.deadline_us);
    constexpr uint32_t kEventsPerLook = 64;
    bool any = false;
    for (uint32_t i = 1; out.records() < b.max_records; ++i) {
      if (!has_event_) {
        const auto step = client_->next(any ? Micros(0) : deadline);
        if (step == sse::SseClient::Step::kEnd) return ended_ = true, flow::end;
        if (step == sse::SseClient::Step::kNothing) return any ? flow::ok : flow::idle;
      }
      const sse::SseEvent& event = client_->event();
      has_event_ = settings_.takes(event.type) && !fits(event, b, out);
      if (has_event_) return flow::more;
      any |= take_event(event, out);
      if (i % kEventsPerLook == 0 && http::steady_now() >= deadline) return flow::more;
    }
    return flow::more;
  }

  static bool fits(const sse::SseEvent& event, const budget& b, const emitter& out) {
    return out.records() == 0 || out.bytes() + event.data.size() <= b.max_bytes;
  }

  /// True: a record went out.
  bool take_event(const sse::SseEvent& event, emitter& out) {
    const int64_t now_us = http::wall_now().count();
    if (!lost_reason_.empty()) report_gap(now_us, out);
    position_.id = event.id;
    last_receipt_us_ = now_us;
    if (!settings_.takes(event.type)) return ++metrics_.filtered, false;
    ++position_.seq;
    emit(event, now_us, out);
    return true;
  }

  void emit(const sse::SseEvent& event, int64_t now_us, emitter& out) {
    const std::string received_us = std::to_string(now_us);
    const header headers[] = {{"mr.source", "sse"},
                              {"mr.event", event.type},
                              {"mr.id", event.id},
                              {"mr.received_us", received_us}};
    std::string envelope;
    record r{.value = event.data, .position = position_.seq, .headers = headers};
    if (settings_.is_envelope) {
      envelope = "{\"type\":" + json::quoted(event.type) + ",\"data\":" + json::quoted(event.data) +
                 ",\"id\":" + json::quoted(event.id) + "}";
      r.value = envelope;
    }
    std::optional<std::string> key;
    const bool reads = fields_.read(r.value);
    if (reads && (key = fields_.key())) r.key = *key;
    r.dedupe_hash = identity(event, reads);
    r.dedupe_time_us = now_us;
    out.append(r);
  }

  /// Of events without an id nothing can be told, unless a key of their own is configured.
  uint64_t identity(const sse::SseEvent& event, bool reads) {
    if (!settings_.dedupe_key.empty()) return reads ? fields_.identity() : 0;
    if (event.id.empty()) return 0;
    return text::stable_hash(std::string(event.id) + '\xFF' + std::string(event.data));
  }

  void report_gap(int64_t now_us, emitter& out) {
    ++metrics_.gaps;
    const std::string reason = std::exchange(lost_reason_, "");
    out.lost({.from_us = last_receipt_us_ ? last_receipt_us_ : now_us,
              .to_us = now_us,
              .from_position = position_.seq,
              .to_position = position_.seq + 1,
              .estimated = true,
              .reason = reason});
  }

  context ctx_;
  Settings settings_;
  json::RecordFields fields_;
  Position position_;
  sse::Metrics metrics_;
  bool ended_ = false;
  bool has_event_ = false;   ///< client_->event() did not fit into the last poll.
  bool was_cut_ = false;     ///< There was a connection before.
  std::string lost_reason_;  ///< A gap to tell with the next event.
  int64_t last_receipt_us_ = 0;
  std::mutex client_mutex_;  ///< Guards the pointer against cancel(); polls need no lock.
  std::unique_ptr<sse::SseClient> client_;
};

}  // namespace
}  // namespace millrace::sse_source

MILLRACE_PLUGIN(millrace::sse_source::SseSource)
