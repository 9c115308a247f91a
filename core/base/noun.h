#pragma once

/// Counts as people read them. Only for nouns whose plural is regular.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// "commit" of one, else "commits".
inline std::string noun(uint64_t count, std::string_view one) {
  return std::string(one) + (count == 1 ? "" : "s");
}

/// "1 commit", "2 commits".
inline std::string counted(uint64_t count, std::string_view one) {
  return std::to_string(count) + ' ' + noun(count, one);
}

}  // namespace millrace
