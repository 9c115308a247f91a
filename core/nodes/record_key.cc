#include "nodes/record_key.h"

#include <algorithm>
#include <iterator>

namespace millrace {

std::vector<uint32_t> shown_keys(const Shape& from) {
  std::vector<uint32_t> out;
  std::copy_if(from.record_key.begin(), from.record_key.end(), std::back_inserter(out),
               [&](uint32_t field) { return field < from.visible; });
  return out;
}

std::vector<uint32_t> keep_record_key(const Shape& from, uint32_t visible,
                                      std::vector<Field>& fields) {
  std::vector<uint32_t> out;
  for (uint32_t field : from.record_key) {
    if (field >= from.visible) {
      out.push_back(visible + field - from.visible);
    } else {
      out.push_back(static_cast<uint32_t>(fields.size()));
      fields.push_back({"#key " + from.schema[field].name, from.schema[field].type});
    }
  }
  return out;
}

void drop_hidden_key(Shape& shape) {
  if (shown_keys(shape).size() != shape.record_key.size()) shape.record_key.clear();
}

}  // namespace millrace
