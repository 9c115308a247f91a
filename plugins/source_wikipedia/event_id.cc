#include "source_wikipedia/event_id.h"

namespace millrace::wikipedia {

EventIdReader::EventIdReader() : fields_({"topic", "partition", "timestamp"}) {}

const std::vector<TopicPosition>& EventIdReader::read(std::string_view id) {
  positions_.clear();
  if (id.empty()) return positions_;
  const bool is_array = array_.elements(id, [&](std::string_view raw) {
    TopicPosition position;
    if (!fields_.pick(entry_, raw, found_) || !entry_.text(found_[0], position.topic)) return;
    position.partition = json::integer_of(found_[1]).value_or(0);
    position.next_ms = json::integer_of(found_[2]);
    positions_.push_back(std::move(position));
  });
  if (!is_array) positions_.clear();
  return positions_;
}

std::optional<int64_t> kafka_ms_of(const std::vector<TopicPosition>& positions,
                                   std::string_view topic, int64_t partition) {
  for (const TopicPosition& position : positions) {
    if (position.topic == topic && position.partition == partition && position.next_ms) {
      return *position.next_ms - 1;
    }
  }
  return std::nullopt;
}

}  // namespace millrace::wikipedia
