#include "source_wikipedia/resume.h"

#include "common/text/time_text.h"

namespace millrace::wikipedia {
namespace {

/// `Date` is written by whoever answers, an event's time by whoever made it: two clocks, which may
/// differ by so much. What comes twice for it has the same id and is dropped as a repeat.
constexpr int64_t kClocksDifferMs = 5'000;

struct State {
  std::optional<int64_t> version, seq, since;
  std::string streams;
  TopicTimes times;
  bool is_good = true;
};

State read_state(std::string_view text) {
  State state;
  json::JsonReader reader, texts;
  const bool is_object = reader.members(text, [&](std::string_view key, std::string_view raw) {
    if (key == "v") state.version = json::integer_of(raw);
    if (key == "seq") state.seq = json::integer_of(raw);
    if (key == "since") state.since = json::integer_of(raw);
    if (key == "streams") texts.text(raw, state.streams);
    if (key == "topics") state.is_good &= state.times.restore(raw);
  });
  state.is_good &= is_object && state.version == 1 && state.seq && *state.seq >= 0;
  return state;
}

}  // namespace

bool Resume::begin(std::string_view text, int64_t now_ms) {
  position_ = 0;
  times_ = {};
  fallback_.reset();
  watch_.expect_nothing();
  is_first_start_ = text.empty();
  origin_ms_ = settings_.start_ms;
  if (settings_.start_ago_ms) origin_ms_ = now_ms - *settings_.start_ago_ms;
  if (text.empty()) return true;
  State state = read_state(text);
  if (!state.is_good) return false;
  position_ = static_cast<uint64_t>(*state.seq);
  if (state.since) origin_ms_ = state.since;
  if (state.streams == settings_.stream_names()) {
    times_ = std::move(state.times);
  } else if (const auto oldest = state.times.oldest_ms()) {
    // A header would name the old topics only, and what it does not name is not served.
    origin_ms_ = *oldest - settings_.overlap_ms;
  }
  return true;
}

Resume::Way Resume::way() const {
  if (fallback_) return *fallback_;
  if (times_.any_seen()) return Way::kHeader;
  return origin_ms_ ? Way::kSince : Way::kLive;
}

std::optional<int64_t> Resume::since_ms() const {
  if (const auto oldest = times_.oldest_ms()) return *oldest - settings_.overlap_ms;
  return origin_ms_;
}

sse::SseRequest Resume::request() const {
  sse::SseRequest request{settings_.stream_url(), ""};
  if (way() == Way::kHeader) request.last_event_id = times_.resume_header(settings_.overlap_ms);
  if (way() == Way::kSince) request.url += "?since=" + text::time_text(*since_ms());
  return request;
}

bool Resume::refused(int status) {
  if (way() == Way::kHeader) {
    fallback_ = Way::kSince;
    return true;
  }
  // A `since` that the user wrote is not given up silently.
  if (way() == Way::kSince && status == 400 && !is_first_start_) {
    fallback_ = Way::kLive;
    return true;
  }
  return false;
}

void Resume::connected(int64_t server_ms) {
  switch (way()) {
    case Way::kHeader: watch_.expect_resume(times_, settings_.overlap_ms); break;
    case Way::kSince: connected_since(); break;
    case Way::kLive: connected_live(server_ms); break;
  }
  fallback_.reset();
  is_first_start_ = false;
}

/// The header was refused, so its topics are not used again: one of them may be gone, and its time,
/// which never moves again, would have every later resume start there.
void Resume::connected_since() {
  const int64_t since = *since_ms();
  if (times_.any_seen()) {
    watch_.expect_resume(times_, settings_.overlap_ms);
  } else {
    watch_.expect_since(since, settings_.sse.silence_timeout.count() / 1000);
  }
  times_ = {};
  origin_ms_ = since;
}

/// From now on nothing may be missed, even if no event comes before the next cut.
void Resume::connected_live(int64_t server_ms) {
  const auto lost_from = times_.any_seen() ? times_.oldest_ms() : origin_ms_;
  if (lost_from) watch_.expect_loss(*lost_from);
  times_ = {};
  origin_ms_ = server_ms - kClocksDifferMs;
}

void Resume::named(const std::vector<TopicPosition>& positions) {
  for (const TopicPosition& position : positions) times_.named(position.topic, position.partition);
}

std::optional<RetentionWatch::Gap> Resume::saw(std::string_view topic, int64_t partition,
                                               int64_t kafka_ms, bool is_canary) {
  times_.saw(topic, partition, kafka_ms);
  return watch_.saw(topic, kafka_ms, is_canary);
}

std::string Resume::snapshot() const {
  std::string text = "{\"v\":1,\"seq\":" + std::to_string(position_) +
                     ",\"streams\":" + json::quoted(settings_.stream_names());
  if (origin_ms_) text += ",\"since\":" + std::to_string(*origin_ms_);
  return text + ",\"topics\":" + times_.to_json() + "}";
}

}  // namespace millrace::wikipedia
