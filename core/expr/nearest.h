#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Up to three of `names` that `word` may be a misspelling of, nearest first; case is ignored.
std::vector<std::string_view> nearest_names(std::string_view word,
                                            const std::vector<std::string_view>& names);
/// `did you mean "a" or "b"?`, or empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace millrace
