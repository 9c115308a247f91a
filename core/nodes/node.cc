#include "nodes/node.h"

#include <algorithm>

namespace millrace {

void Node::want_late(const std::vector<bool>& fields) {
  late_wanted_.resize(std::max(late_wanted_.size(), fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) late_wanted_[i] = late_wanted_[i] || fields[i];
}

std::vector<std::string> Shape::visible_names() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < visible; ++i) names.push_back(schema[i].name);
  return names;
}

}  // namespace millrace
