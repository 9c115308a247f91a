#include "common/json/json_pick.h"

#include <algorithm>

namespace millrace::json {

JsonPick::JsonPick(const std::vector<std::string>& paths) : count_(paths.size()) {
  for (size_t i = 0; i < paths.size(); ++i) {
    Node* node = &root_;
    std::string_view rest = paths[i];
    while (!rest.empty()) {
      const size_t dot = std::min(rest.find('.'), rest.size());
      node = &child_of(*node, rest.substr(0, dot));
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    node->wanted.push_back(i);
  }
}

JsonPick::Node& JsonPick::child_of(Node& node, std::string_view name) {
  for (Node& child : node.children) {
    if (child.name == name) return child;
  }
  return node.children.emplace_back(Node{std::string(name), {}, {}});
}

bool JsonPick::pick(JsonReader& reader, std::string_view text,
                    std::vector<std::string_view>& found) const {
  found.assign(count_, {});
  return walk(reader, root_, text, found);
}

/// First all members of this object, then the objects in it: a reader is busy during a visit.
bool JsonPick::walk(JsonReader& reader, const Node& node, std::string_view text,
                    std::vector<std::string_view>& found) const {
  std::vector<std::string_view> slices(node.children.size());
  const bool is_object = reader.members(text, [&](std::string_view key, std::string_view raw) {
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (node.children[i].name == key) slices[i] = raw;
    }
  });
  for (size_t i = 0; i < slices.size(); ++i) {
    const Node& child = node.children[i];
    for (const size_t path : child.wanted) found[path] = slices[i];
    const bool goes_on = !child.children.empty() && !slices[i].empty() && slices[i].front() == '{';
    if (goes_on) walk(reader, child, slices[i], found);
  }
  return is_object;
}

}  // namespace millrace::json
