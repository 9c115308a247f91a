#include "source_wikipedia/retention_watch.h"

#include <algorithm>

namespace millrace::wikipedia {
namespace {

constexpr int64_t kSlackMs = 60'000;

}  // namespace

void RetentionWatch::expect_resume(const TopicTimes& times, int64_t overlap_ms) {
  const TopicTimes::Topic* active = times.newest();
  kind_ = active ? Kind::kResume : Kind::kNone;
  if (!active) return;
  topic_ = active->name;
  from_ms_ = *times.oldest_ms();
  latest_ms_ = std::max(*active->last_ms, *active->last_ms - overlap_ms + kSlackMs);
}

void RetentionWatch::expect_since(int64_t since_ms, int64_t quiet_ms) {
  kind_ = quiet_ms > 0 ? Kind::kSince : Kind::kNone;
  from_ms_ = since_ms;
  latest_ms_ = since_ms + std::max(kSlackMs, quiet_ms);
}

void RetentionWatch::expect_loss(int64_t from_ms) {
  kind_ = Kind::kLoss;
  from_ms_ = from_ms;
}

std::optional<RetentionWatch::Gap> RetentionWatch::saw(std::string_view topic, int64_t kafka_ms,
                                                       bool is_canary) {
  if (kind_ == Kind::kNone) return std::nullopt;
  if (kind_ == Kind::kResume && topic != topic_) return std::nullopt;
  // Canaries come in both topics; in a passive one they are an hour apart.
  if (kind_ == Kind::kSince && is_canary) return std::nullopt;
  const bool is_lost = kind_ == Kind::kLoss || kafka_ms > latest_ms_;
  kind_ = Kind::kNone;
  if (!is_lost) return std::nullopt;
  return Gap{from_ms_, std::max(kafka_ms, from_ms_)};
}

}  // namespace millrace::wikipedia
