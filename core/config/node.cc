#include "config/node.h"

#include "base/hash.h"
#include "json/write.h"

namespace millrace {

std::vector<ConfigNode> ConfigNode::members() const {
  std::vector<ConfigNode> out;
  if (!is_object()) return out;
  for (const JsonValue::Member& member : value_->members()) out.push_back(child(member.key));
  return out;
}

std::vector<ConfigNode> ConfigNode::items() const {
  std::vector<ConfigNode> out;
  if (!is_array()) return out;
  for (size_t i = 0; i < value_->items().size(); ++i) {
    out.emplace_back(document_, pointer_child(pointer_, i));
  }
  return out;
}

Text ConfigNode::text() const {
  if (!is_string()) return {};
  return {value_->as_string(), where()};
}

std::vector<Text> ConfigNode::texts(std::string_view key) const {
  std::vector<Text> out;
  const ConfigNode node = child(key);
  if (node.is_string()) out.push_back(node.text());
  for (const ConfigNode& item : node.items()) {
    if (item.is_string()) out.push_back(item.text());
  }
  return out;
}

std::optional<int64_t> ConfigNode::integer(std::string_view key) const {
  const ConfigNode node = child(key);
  if (!node.exists() || !node.value_->is_int()) return std::nullopt;
  return node.value_->as_int();
}

std::optional<int64_t> ConfigNode::duration(std::string_view key) const {
  const ConfigNode node = child(key);
  return node.is_string() ? parse_duration(node.value_->as_string()) : std::nullopt;
}

std::optional<int64_t> ConfigNode::size(std::string_view key) const {
  const ConfigNode node = child(key);
  return node.is_string() ? parse_size(node.value_->as_string()) : std::nullopt;
}

bool ConfigNode::boolean(std::string_view key, bool standard) const {
  const ConfigNode node = child(key);
  return node.exists() && node.value_->is_bool() ? node.value_->as_bool() : standard;
}

WrittenKeys ConfigNode::written() const {
  WrittenKeys out;
  if (!is_object()) return out;
  for (const JsonValue::Member& member : value_->members()) {
    if (!member.key_position.known()) continue;
    out.push_back({member.key, child(member.key).where_key()});
  }
  return out;
}

uint64_t ConfigNode::hash() const { return value_ ? hash_bytes(to_json(*value_)) : 0; }

}  // namespace millrace
