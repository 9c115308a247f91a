#include "config/override.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "json/document.h"

namespace millrace {
namespace {

struct Override {
  std::vector<std::string> path;
  std::string_view value;
};

std::string unescaped(std::string_view token) { return last_key("/" + std::string(token)); }

std::optional<Override> split(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  Override out;
  out.value = text.substr(equals + 1);
  std::string_view path = text.substr(0, equals);
  const bool is_pointer = path[0] == '/';
  if (is_pointer) path.remove_prefix(1);
  const char separator = is_pointer ? '/' : '.';
  while (true) {
    const size_t end = path.find(separator);
    const std::string_view token = path.substr(0, end);
    if (token.empty()) return std::nullopt;
    out.path.push_back(is_pointer ? unescaped(token) : std::string(token));
    if (end == std::string_view::npos) return out;
    path.remove_prefix(end + 1);
  }
}

/// Everything an override made carries its origin, so that any fault in it names the flag.
void set_positions(JsonValue& value, JsonPosition position) {
  value.set_position(position);
  if (value.is_array()) {
    for (JsonValue& item : value.items()) set_positions(item, position);
  } else if (value.is_object()) {
    for (JsonValue::Member& member : value.members()) {
      member.key_position = position;
      set_positions(member.value, position);
    }
  }
}

std::optional<size_t> index_in(const JsonValue& array, const std::string& key) {
  size_t index = 0;
  auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (failure != std::errc() || end != key.data() + key.size()) return std::nullopt;
  if (index >= array.items().size()) return std::nullopt;
  return index;
}

JsonValue::Member& member_of(JsonValue& object, const std::string& key, JsonPosition position) {
  for (JsonValue::Member& member : object.members()) {
    if (member.key == key) return member;
  }
  object.members().push_back({key, JsonValue(), position});
  return object.members().back();
}

JsonValue read_value(std::string_view text) {
  Result<JsonDocument> parsed = parse_json(text, "");
  return parsed ? std::move(parsed->root) : JsonValue::string(std::string(text));
}

class Setter {
 public:
  Setter(ConfigDocument& document, Faults& faults, const std::string& text)
      : document_(document),
        faults_(faults),
        origin_("--set " + text),
        position_(document.add_origin(origin_)) {}

  void set(const Override& change) {
    JsonValue* node = &document_.root;
    for (const std::string& key : change.path) {
      node = step(*node, key);
      if (node == nullptr) return;
    }
    *node = read_value(change.value);
    set_positions(*node, position_);
    document_.mark_loose(pointer_, std::string(change.value));
  }

  void refuse(std::string message, std::string hint) {
    faults_.add(Where{0, 0, pointer_, origin_}, std::move(message), std::move(hint));
  }

 private:
  /// The child, created if it is missing. Null after a fault.
  JsonValue* step(JsonValue& node, const std::string& key) {
    if (node.is_array()) {
      const std::optional<size_t> index = index_in(node, key);
      if (!index) {
        refuse(
            "a list of " + std::to_string(node.items().size()) + " has no element \"" + key + "\"",
            "elements count from 0");
        return nullptr;
      }
      pointer_ = pointer_child(pointer_, *index);
      return &node.items()[*index];
    }
    if (!node.is_object() && !node.is_null()) {
      refuse("is no object and has no \"" + key + "\" to set", "");
      return nullptr;
    }
    if (node.is_null()) {
      node = JsonValue::object();
      node.set_position(position_);
    }
    pointer_ = pointer_child(pointer_, key);
    return &member_of(node, key, position_).value;
  }

  ConfigDocument& document_;
  Faults& faults_;
  std::string origin_;
  JsonPosition position_;
  std::string pointer_;
};

}  // namespace

void apply_overrides(const std::vector<std::string>& overrides, ConfigDocument& document,
                     Faults& faults) {
  for (const std::string& text : overrides) {
    Setter setter(document, faults, text);
    if (std::optional<Override> change = split(text)) {
      setter.set(*change);
    } else {
      setter.refuse("not of the form key=value", "e.g. --set commit.every=5s");
    }
  }
}

}  // namespace millrace
