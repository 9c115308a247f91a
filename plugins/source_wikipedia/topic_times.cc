#include "source_wikipedia/topic_times.h"

#include <algorithm>

namespace millrace::wikipedia {
namespace {

std::string entry_text(const TopicTimes::Topic& topic, int64_t at_ms) {
  return "{\"topic\":" + json::quoted(topic.name) +
         ",\"partition\":" + std::to_string(topic.partition) +
         ",\"timestamp\":" + std::to_string(std::max<int64_t>(at_ms, 0)) + "}";
}

}  // namespace

TopicTimes::Topic& TopicTimes::at(std::string_view topic, int64_t partition) {
  for (Topic& known : topics_) {
    if (known.name == topic && known.partition == partition) return known;
  }
  return topics_.emplace_back(Topic{std::string(topic), partition, std::nullopt});
}

void TopicTimes::saw(std::string_view topic, int64_t partition, int64_t kafka_ms) {
  Topic& known = at(topic, partition);
  known.last_ms = std::max(kafka_ms, known.last_ms.value_or(kafka_ms));
}

void TopicTimes::named(std::string_view topic, int64_t partition) { at(topic, partition); }

const TopicTimes::Topic* TopicTimes::newest() const {
  const Topic* newest = nullptr;
  for (const Topic& topic : topics_) {
    if (topic.last_ms && (!newest || *topic.last_ms > *newest->last_ms)) newest = &topic;
  }
  return newest;
}

std::optional<int64_t> TopicTimes::oldest_ms() const {
  std::optional<int64_t> oldest;
  for (const Topic& topic : topics_) {
    if (topic.last_ms) oldest = std::min(*topic.last_ms, oldest.value_or(*topic.last_ms));
  }
  return oldest;
}

std::optional<int64_t> TopicTimes::last_ms(std::string_view topic, int64_t partition) const {
  for (const Topic& known : topics_) {
    if (known.name == topic && known.partition == partition) return known.last_ms;
  }
  return std::nullopt;
}

std::string TopicTimes::resume_header(int64_t overlap_ms) const {
  const auto oldest = oldest_ms();
  if (!oldest) return {};
  std::string header = "[";
  for (const Topic& topic : topics_) {
    if (header.size() > 1) header += ',';
    header += entry_text(topic, topic.last_ms.value_or(*oldest) - overlap_ms);
  }
  return header + "]";
}

std::string TopicTimes::to_json() const {
  std::string text = "{";
  std::vector<const Topic*> left;
  for (const Topic& topic : topics_) left.push_back(&topic);
  while (!left.empty()) {
    const std::string name = left.front()->name;
    if (text.size() > 1) text += ',';
    text += json::quoted(name) + ":{";
    for (const Topic* topic : left) {
      if (topic->name != name) continue;
      if (text.back() != '{') text += ',';
      text += '"' + std::to_string(topic->partition) +
              "\":" + (topic->last_ms ? std::to_string(*topic->last_ms) : "null");
    }
    text += '}';
    std::erase_if(left, [&](const Topic* topic) { return topic->name == name; });
  }
  return text + "}";
}

bool TopicTimes::restore(std::string_view text) {
  topics_.clear();
  json::JsonReader outer, inner;
  bool is_good = true;
  const bool is_object =
      outer.members(text, [&](std::string_view name, std::string_view partitions) {
        const bool is_inner =
            inner.members(partitions, [&](std::string_view partition, std::string_view raw) {
              const auto number = json::integer_of(partition);
              const auto ms = json::integer_of(raw);
              is_good &= number.has_value() && (ms || json::is_null(raw));
              if (number) at(name, *number).last_ms = ms;
            });
        is_good &= is_inner;
      });
  return is_object && is_good;
}

}  // namespace millrace::wikipedia
