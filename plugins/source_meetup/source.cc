// Answers to invitations: Meetup's living GraphQL API as a change feed, and the RSVP stream of old
// for those who have an archive or a mirror of it. The rules MU1-MU8 are in plugins/RULES.md.

#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/auth/authorizer.h"
#include "common/http/url.h"
#include "common/json/record_fields.h"
#include "common/poll/metrics.h"
#include "common/text/stable_hash.h"
#include "source_meetup/graph.h"
#include "source_meetup/personal.h"
#include "source_meetup/rsvp_stream.h"
#include "source_meetup/settings.h"
#include "source_meetup_schema.h"

namespace millrace::meetup {
namespace {

using http::Micros;
using http::steady_now;

/// The first record this much behind what was asked for: the service's buffer was too short.
constexpr int64_t kGapMs = 60'000;

std::string remedy(const http::Ending& ending) { return http::usual_remedy(ending, "\"auth\""); }

poll::PollOptions options_of(const Settings& settings, Micros every) {
  poll::PollOptions options = settings.poll;
  options.slots.every = every;
  options.remedy = remedy;
  return options;
}

class Meetup final : public source {
 public:
  static constexpr auto info = describe(
      "org.millrace.meetup", "1.0.0", "Apache-2.0",
      "Answers to invitations: Meetup's GraphQL API as a change feed, and the RSVP stream of old.",
      schema::source_meetup, title{"Meetup"}, status::beta, trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  Meetup(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        known_(settings_.tracked_max),
        find_(settings_, known_, true),
        follow_(settings_, known_, false),
        find_auth_(settings_.auth, find_),
        follow_auth_(settings_.auth, follow_),
        finder_(ctx, settings_.http, options_of(settings_, settings_.discover_every), find_auth_),
        follower_(ctx, settings_.http, options_of(settings_, settings_.every), follow_auth_),
        fields_(settings_.key, {}, {"rsvp_id", "mtime"}),
        metrics_(ctx),
        stalls_(ctx.make_counter("stalls", "Connections given up because nothing came")),
        reconnects_(ctx.make_counter("reconnects", "Connections after the first")) {
    find_.set_poller(finder_);
    follow_.set_poller(follower_);
  }

  traits source_traits() const override {
    const bool is_stream = settings_.mode != Mode::kGraph;
    return {.bounded = false, .replay = is_stream ? replay::window : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    seq_ = 0;
    newest_ms_ = 0;
    asked_ms_.reset();
    const std::string_view state = how.fresh ? std::string_view() : how.state;
    if (settings_.mode == Mode::kGraph) return open_graph(state);
    if (state.data()) restore_stream(state);
    has_line_ = false;
    sent_ = {};
    const std::lock_guard lock(stream_mutex_);
    stream_ = RsvpStream::make(ctx_, settings_, [this] { return stream_url(); });
  }

  flow poll(const budget& b, emitter& out) override {
    return settings_.mode == Mode::kGraph ? poll_graph(b, out) : poll_stream(b, out);
  }

  std::string snapshot(uint64_t) override {
    if (settings_.mode == Mode::kGraph) {
      return follower_.snapshot("{\"finder\":" + finder_.snapshot() +
                                ",\"known\":" + known_.snapshot() + "}");
    }
    return "{\"v\":1,\"seq\":" + std::to_string(seq_) + ",\"mtime\":" + std::to_string(newest_ms_) +
           "}";
  }

  void cancel() noexcept override {
    finder_.cancel();
    follower_.cancel();
    const std::lock_guard lock(stream_mutex_);
    if (stream_) stream_->cancel();
  }

  void close() override {
    finder_.close();
    follower_.close();
    const std::lock_guard lock(stream_mutex_);
    stream_.reset();
  }

 private:
  void open_graph(std::string_view state) {
    follower_.open({}, state);
    std::string finder, known;
    json::JsonReader().members(follower_.more(), [&](std::string_view key, std::string_view raw) {
      if (key == "finder") finder = raw;
      if (key == "known") known = raw;
    });
    known_.restore(known);
    finder_.open(find_.targets(), finder.empty() ? std::string_view() : finder);
    follower_.retarget(follow_.targets());
    followed_ = known_.found.size();
  }

  flow poll_graph(const budget& b, emitter& out) {
    struct Publishing {
      Meetup& self;
      ~Publishing() { self.publish_graph(); }
    } publishing{*this};
    budget now = b;
    now.deadline_us = steady_now().count();
    finder_.poll(now, out);
    if (known_.found.size() != followed_) follower_.retarget(follow_.targets());
    followed_ = known_.found.size();
    if (follower_.slots().size() > 0) return follower_.poll(b, out);
    finder_.poll(b, out);
    return flow::idle;
  }

  void publish_graph() {
    poll::PollCounts sum = finder_.counts();
    const poll::PollCounts& more = follower_.counts();
    sum.requests += more.requests;
    sum.retries += more.retries;
    sum.slots += more.slots;
    sum.gaps += more.gaps;
    sum.broken += more.broken;
    metrics_.publish(sum);
  }

  std::string stream_url() {
    if (newest_ms_ == 0) return settings_.stream_url;
    asked_ms_ = newest_ms_;
    return http::with_query(websocket_safe(settings_.stream_url), "since_mtime",
                            std::to_string(newest_ms_ - settings_.overlap_ms));
  }
  /// with_query() knows http and https only; the stream makes ws of it again.
  std::string websocket_safe(const std::string& url) const {
    if (url.starts_with("wss://")) return "https" + url.substr(3);
    return url.starts_with("ws://") ? "http" + url.substr(2) : url;
  }

  flow poll_stream(const budget& b, emitter& out) {
    const Micros deadline(b.deadline_us);
    flow answer = flow::more;
    while (out.records() < b.max_records && answer == flow::more) {
      if (!has_line_) line_ = stream_->next(out.records() > 0 ? Micros(0) : deadline);
      has_line_ = line_.data() != nullptr;
      if (!has_line_) {
        answer = out.records() > 0 ? flow::ok : flow::idle;
      } else if (out.records() > 0 && out.bytes() + line_.size() > b.max_bytes) {
        break;
      } else {
        has_line_ = false;
        take_line(out);
        if (steady_now() >= deadline) break;
      }
    }
    publish_stream();
    return answer;
  }

  void take_line(emitter& out) {
    const std::string hashed = settings_.is_personal ? "" : without_people(line_);
    const std::string_view value = settings_.is_personal ? line_ : std::string_view(hashed);
    const auto mtime = fields_.read(line_) ? json::integer_of(fields_.raw(1)) : std::nullopt;
    const auto id = mtime ? fields_.scalar(0) : std::nullopt;
    if (!id || *mtime < 0 || *mtime > 100'000'000'000'000) {
      ++counts_.broken;
      return out.reject_bytes({.bytes = value, .position = ++seq_},
                              "not an RSVP with rsvp_id and mtime");
    }
    report_gap(*mtime, out);
    // A clock that is far ahead would make the next resume skip everything until then.
    newest_ms_ = std::max(newest_ms_, std::min(*mtime, http::wall_now().count() / 1000 + kGapMs));
    const std::string received = std::to_string(http::wall_now().count());
    const header headers[] = {{"mr.source", "meetup"},
                              {"mr.received_us", received},
                              {"mr.personal", settings_.is_personal ? "as received" : "hashed"}};
    record r{.value = value, .time_us = *mtime * 1000, .position = ++seq_, .headers = headers};
    const auto key = fields_.key();
    if (key) r.key = *key;
    r.dedupe_hash = text::stable_hash(*id + '\xFF' + std::to_string(*mtime));
    r.dedupe_time_us = http::wall_now().count();
    out.append(r);
  }

  void report_gap(int64_t mtime, emitter& out) {
    const auto asked = std::exchange(asked_ms_, std::nullopt);
    if (!asked || mtime < *asked + kGapMs) return;
    ++counts_.gaps;
    out.lost({.from_us = *asked * 1000,
              .to_us = mtime * 1000,
              .from_position = seq_,
              .to_position = seq_ + 1,
              .estimated = true,
              .reason = "retention"});
  }

  void publish_stream() {
    const StreamCounts now = stream_->counts();
    if (now.stalls > sent_.stalls) stalls_.add(static_cast<double>(now.stalls - sent_.stalls));
    if (now.reconnects > sent_.reconnects)
      reconnects_.add(static_cast<double>(now.reconnects - sent_.reconnects));
    counts_.requests += now.requests - sent_.requests;
    counts_.retries += now.retries - sent_.retries;
    sent_ = now;
    metrics_.publish(counts_);
  }

  void restore_stream(std::string_view state) {
    std::optional<int64_t> version;
    const bool whole =
        json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
          const auto number = json::integer_of(raw);
          if (key == "v") version = number;
          if (key == "seq" && number) seq_ = static_cast<uint64_t>(*number);
          if (key == "mtime" && number) newest_ms_ = *number;
        });
    if (whole && version == 1) return;
    throw fatal("the stored position is not one of this plugin: start with --fresh");
  }

  context ctx_;
  Settings settings_;
  Known known_;
  Graph find_, follow_;
  auth::Authorizer find_auth_, follow_auth_;
  poll::Poller finder_, follower_;
  json::RecordFields fields_;
  poll::Metrics metrics_;
  counter stalls_, reconnects_;
  size_t followed_ = 0;      ///< Found events that the follower knows.
  poll::PollCounts counts_;  ///< Of the stream.
  StreamCounts sent_;
  uint64_t seq_ = 0;
  int64_t newest_ms_ = 0;
  std::optional<int64_t>
      asked_ms_;  ///< What the last connection asked for, until its first record.
  std::string_view line_;
  bool has_line_ = false;    ///< line_ did not fit into the last poll.
  std::mutex stream_mutex_;  ///< Guards the pointer against cancel(); polls need no lock.
  std::unique_ptr<RsvpStream> stream_;
};

}  // namespace
}  // namespace millrace::meetup

MILLRACE_PLUGIN(millrace::meetup::Meetup)
