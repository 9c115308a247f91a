#pragma once

/// UTF-8 decoding "with replacement" on bytes: what is well-formed stays byte for byte, each
/// maximal ill-formed subsequence becomes one U+FFFD, as browsers do it (rule S1).

#include <string>
#include <string_view>

namespace millrace::text {

bool is_utf8(std::string_view bytes);

/// Changes `bytes` only if they are not UTF-8. True: they were changed.
bool repair_utf8(std::string& bytes);

}  // namespace millrace::text
