// Wikimedia EventStreams: one connection, many streams, resumed without loss. The rules WK1-WK13
// are in plugins/RULES.md; README.md says what can be lost or repeated.

#include <millrace/plugin.hpp>

#include "common/http/clock.h"
#include "common/http/retry_after.h"
#include "common/json/problem_text.h"
#include "common/sse/event_feed.h"
#include "common/text/stable_hash.h"
#include "source_wikipedia/change.h"
#include "source_wikipedia/end_target.h"
#include "source_wikipedia/event_id.h"
#include "source_wikipedia/metrics.h"
#include "source_wikipedia/problem.h"
#include "source_wikipedia/resume.h"
#include "source_wikipedia/settings.h"
#include "source_wikipedia_schema.h"

namespace millrace::wikipedia {
namespace {

using sse::Took;

int64_t now_ms() { return http::wall_now().count() / 1000; }

/// A Kafka time further ahead than this is taken for a producer's wrong clock. Believed, it would
/// empty the duplicate filter and make the next resume skip everything until then.
constexpr int64_t kFutureMs = 3'600'000;

class Wikipedia final : public source {
 public:
  static constexpr auto info = describe(
      "org.millrace.wikipedia", "1.0.0", "Apache-2.0",
      "Edits and other events of all Wikimedia projects as they happen, from EventStreams.",
      schema::source_wikipedia, title{"Wikimedia EventStreams"}, status::beta,
      trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  Wikipedia(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        changes_(settings_.key, settings_.dedupe_key),
        resume_(settings_),
        metrics_(ctx),
        feed_(ctx, [this](const sse::SseCounts& counts) { metrics_.publish(counts); }) {}

  traits source_traits() const override { return {.bounded = false, .replay = replay::window}; }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    const bool has_state = how.state.data() && !how.fresh;
    if (!resume_.begin(has_state ? how.state : std::string_view(), now_ms())) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    target_.reset();
    if (how.until_end) target_.emplace(now_ms());
    metrics_.restart();
    feed_.open(settings_.http, settings_.sse, hooks());
  }

  flow poll(const budget& b, emitter& out) override {
    return feed_.poll(b, out, [&](const sse::SseEvent& event) {
      const Took took = take_event(event, b, out);
      if (took == Took::kLater || !target_ || !target_->is_reached(resume_.times())) return took;
      return Took::kLast;
    });
  }

  std::string snapshot(uint64_t) override { return resume_.snapshot(); }

  void cancel() noexcept override { feed_.cancel(); }
  void close() override { feed_.close(); }

 private:
  sse::SseHooks hooks() {
    return {.request = [this] { return resume_.request(); },
            .refused = [this](const http::Ending& ending) { return refused(ending); },
            .connected = [this](std::string_view date) { connected(date); },
            .remedy = [this](const http::Ending& ending) { return remedy(settings_, ending); }};
  }

  void connected(std::string_view date) {
    const auto server_s = http::parse_http_date(date);
    resume_.connected(server_s ? *server_s * 1000 : now_ms());
  }

  bool refused(const http::Ending& ending) {
    if (!resume_.refused(ending.status)) return false;
    ctx_.warn("the service refused the stored position" + json::problem_text(ending.body));
    return true;
  }

  Took take_event(const sse::SseEvent& event, const budget& b, emitter& out) {
    if (event.type == "error") {
      feed_.client().reconnect("the service reported an error" + json::problem_text(event.data));
      return Took::kNothing;
    }
    if (event.type != "message") return reject(event, "an event of an unknown type", out);
    if (const char* why = changes_.read(event.data)) return reject(event, why, out);
    const Change& change = changes_.change();
    const bool is_dropped = change.is_canary ? !settings_.passes_canaries : !is_wanted(change.wiki);
    if (!is_dropped && !fits(event, change, b, out)) return Took::kLater;
    const auto& positions = event_ids_.read(event.id);
    resume_.named(positions);
    const auto kafka_ms = time_of(change, positions);
    if (kafka_ms) note_progress(change, *kafka_ms, out);
    metrics_.canaries += change.is_canary;
    metrics_.filtered += is_dropped && !change.is_canary;
    if (is_dropped) return Took::kNothing;
    emit(event, change, kafka_ms, out);
    return Took::kRecord;
  }

  /// A record may be larger than the budget, but only alone; it waits for the next poll.
  static bool fits(const sse::SseEvent& event, const Change& change, const budget& b,
                   const emitter& out) {
    const size_t size = event.data.size() + (change.key ? change.key->size() : 0);
    return out.records() == 0 || out.bytes() + size <= b.max_bytes;
  }

  /// Kafka's time of an event. An id that cannot be used (it may hold a NUL) leaves the time of
  /// intake, which lies a little before: resuming there repeats, but loses nothing.
  static std::optional<int64_t> time_of(const Change& change,
                                        const std::vector<TopicPosition>& positions) {
    auto ms = kafka_ms_of(positions, change.topic, change.partition);
    if (!ms) ms = change.intake_ms;
    if (!ms || change.topic.empty()) return std::nullopt;
    return std::min(*ms, now_ms() + kFutureMs);
  }

  void note_progress(const Change& change, int64_t kafka_ms, emitter& out) {
    const auto gap = resume_.saw(change.topic, change.partition, kafka_ms, change.is_canary);
    if (gap) report(*gap, out);
    if (target_) target_->saw(change.topic, kafka_ms, change.is_canary);
    metrics_.lag_ms = std::max<int64_t>(now_ms() - kafka_ms, 0);
  }

  bool is_wanted(const std::string& wiki) const {
    return settings_.wikis.empty() || settings_.wikis.contains(wiki);
  }

  Took reject(const sse::SseEvent& event, const char* why, emitter& out) {
    ++metrics_.broken;
    out.reject_bytes({.bytes = event.data, .position = resume_.take_position()}, why);
    return Took::kRecord;
  }

  void report(const RetentionWatch::Gap& lost, emitter& out) {
    ++metrics_.gaps;
    out.lost({.from_us = lost.from_ms * 1000,
              .to_us = lost.to_ms * 1000,
              .from_position = resume_.position(),
              .to_position = resume_.position() + 1,
              .estimated = true,
              .reason = "retention"});
  }

  void emit(const sse::SseEvent& event, const Change& change, std::optional<int64_t> kafka_ms,
            emitter& out) {
    const std::string received_us = std::to_string(http::wall_now().count());
    const header headers[] = {
        {"mr.source", "wikipedia"}, {"mr.stream", change.stream}, {"mr.received_us", received_us}};
    record r{.value = event.data, .position = resume_.take_position(), .headers = headers};
    if (change.key) r.key = *change.key;
    if (settings_.gives_event_time && change.event_time_ms)
      r.time_us = *change.event_time_ms * 1000;
    if (kafka_ms && change.identity != 0) {
      r.dedupe_hash = change.identity;
      r.dedupe_time_us = *kafka_ms * 1000;
      r.dedupe_group = static_cast<uint32_t>(text::stable_hash(change.topic));
    }
    out.append(r);
  }

  context ctx_;
  Settings settings_;
  ChangeReader changes_;
  EventIdReader event_ids_;
  Resume resume_;
  Metrics metrics_;
  sse::EventFeed feed_;
  std::optional<EndTarget> target_;
};

}  // namespace
}  // namespace millrace::wikipedia

MILLRACE_PLUGIN(millrace::wikipedia::Wikipedia)
