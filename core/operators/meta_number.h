#pragma once

/// Numbers in the text that an operator leaves in a commit.

#include <cstdint>
#include <string_view>

#include "json/value.h"

namespace millrace {

/// `otherwise` where the text has no such number: state of an older release.
inline int64_t meta_number(const JsonValue& meta, std::string_view key, int64_t otherwise) {
  const JsonValue* value = meta.find(key);
  return value && value->is_int() ? value->as_int() : otherwise;
}

}  // namespace millrace
