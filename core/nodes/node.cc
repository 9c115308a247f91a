#include "nodes/node.h"

namespace millrace {

std::vector<std::string> Shape::visible_names() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < visible; ++i) names.push_back(schema[i].name);
  return names;
}

}  // namespace millrace
