#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// `did you mean "a" or "b"?` with names that `word` may be a slip for: misspelt, or the last part
/// of a dotted path (`new` for `length.new`). Empty: none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace millrace
