#pragma once

/// The `id` of an event (WK6): a JSON array that says, per topic, where the connection stands.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_pick.h"

namespace millrace::wikipedia {

struct TopicPosition {
  std::string topic;
  int64_t partition = 0;
  std::optional<int64_t> next_ms;  ///< Kafka time of its last message + 1; absent: offset -1.
};

class EventIdReader {
 public:
  EventIdReader();
  /// Entries without a topic are left out. Empty if `id` is not such an array: an event without a
  /// usable id is still an event. Lent until the next call.
  const std::vector<TopicPosition>& read(std::string_view id);

 private:
  json::JsonReader array_, entry_;
  json::JsonPick fields_;
  std::vector<std::string_view> found_;
  std::vector<TopicPosition> positions_;
};

/// The Kafka time of the event itself: `timestamp - 1` of the entry of its own topic.
std::optional<int64_t> kafka_ms_of(const std::vector<TopicPosition>& positions,
                                   std::string_view topic, int64_t partition);

}  // namespace millrace::wikipedia
