#include "source_wikipedia/end_target.h"

#include <algorithm>

namespace millrace::wikipedia {

/// `eqiad.mediawiki.recentchange` -> `mediawiki.recentchange`.
std::string_view EndTarget::stream_of(std::string_view topic) {
  return topic.substr(std::min(topic.find('.'), topic.size()));
}

void EndTarget::saw(std::string_view topic, int64_t kafka_ms, bool is_canary) {
  Stream& stream = streams_[std::string(stream_of(topic))];
  int64_t& reached = stream.reached_ms.try_emplace(std::string(topic), kafka_ms).first->second;
  reached = std::max(reached, kafka_ms);
  if (!is_canary) stream.active = topic;
}

bool EndTarget::has_reached(const Stream& stream, std::string_view topic) const {
  const auto found = stream.reached_ms.find(topic);
  return found != stream.reached_ms.end() && found->second >= start_ms_;
}

bool EndTarget::is_reached(const TopicTimes& times) const {
  if (times.topics().empty()) return false;
  for (const TopicTimes::Topic& topic : times.topics()) {
    const auto stream = streams_.find(stream_of(topic.name));
    if (stream == streams_.end()) return false;
    const std::string& active = stream->second.active;
    if (!has_reached(stream->second, active.empty() ? topic.name : active)) return false;
  }
  return true;
}

}  // namespace millrace::wikipedia
