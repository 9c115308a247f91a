// Any stream of server-sent events. Its last event id is kept in the commit and sent back as it
// came; README.md says what can be lost or repeated.

#include <millrace/plugin.hpp>

#include "common/http/patience.h"
#include "common/http/url.h"
#include "common/json/problem_text.h"
#include "common/json/record_fields.h"
#include "common/sse/event_feed.h"
#include "common/sse/metrics.h"
#include "common/text/stable_hash.h"
#include "source_sse/position.h"
#include "source_sse/settings.h"
#include "source_sse_schema.h"

namespace millrace::sse_source {
namespace {

using sse::Took;

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
        metrics_(ctx),
        feed_(ctx, [this](const sse::SseCounts& counts) { metrics_.publish(counts); }) {}

  traits source_traits() const override {
    return {.bounded = false, .replay = settings_.replays ? replay::window : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    position_ = {};
    position_.id = settings_.start_id;
    lost_reason_.clear();
    const bool has_state = how.state.data() && !how.fresh;
    if (has_state && !position_.restore(how.state)) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    was_cut_ = position_.seq > 0;  // By the end of the last run.
    metrics_.restart();
    feed_.open(settings_.http, settings_.sse, hooks());
  }

  flow poll(const budget& b, emitter& out) override {
    return feed_.poll(b, out,
                      [&](const sse::SseEvent& event) { return take_event(event, b, out); });
  }

  std::string snapshot(uint64_t) override { return position_.snapshot(); }

  void cancel() noexcept override { feed_.cancel(); }
  void close() override { feed_.close(); }

 private:
  sse::SseHooks hooks() {
    return {.request = [this] { return request(); },
            .refused = [this](const http::Ending& ending) { return refused(ending); },
            .connected = [this](std::string_view) { connected(); },
            .remedy =
                [](const http::Ending& ending) {
                  return http::usual_remedy(ending, "\"headers\" and the address");
                },
            .overflowed = [this] { lost_reason_ = "overflow"; },
            .id_moved = [this](const std::string& id) { position_.id = id; }};
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

  static bool fits(const sse::SseEvent& event, const budget& b, const emitter& out) {
    return out.records() == 0 || out.bytes() + event.data.size() <= b.max_bytes;
  }

  Took take_event(const sse::SseEvent& event, const budget& b, emitter& out) {
    const bool is_wanted = settings_.takes(event.type);
    if (is_wanted && !fits(event, b, out)) return Took::kLater;
    const int64_t now_us = http::wall_now().count();
    if (!lost_reason_.empty()) report_gap(now_us, out);
    position_.id = event.id;
    position_.seen_us = now_us;
    if (!is_wanted) return ++metrics_.filtered, Took::kNothing;
    ++position_.seq;
    emit(event, now_us, out);
    return Took::kRecord;
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
    out.lost({.from_us = position_.seen_us ? position_.seen_us : now_us,
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
  sse::EventFeed feed_;
  bool was_cut_ = false;     ///< There was a connection before, perhaps of an earlier run.
  std::string lost_reason_;  ///< A gap to tell with the next event.
};

}  // namespace
}  // namespace millrace::sse_source

MILLRACE_PLUGIN(millrace::sse_source::SseSource)
