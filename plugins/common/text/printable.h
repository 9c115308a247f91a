#pragma once

/// Pure.

#include <string>
#include <string_view>

namespace millrace::text {

/// The beginning of what a stranger sent, fit for a log: no control characters that move the cursor
/// of a terminal or break a line, valid UTF-8.
std::string printable(std::string_view text);

}  // namespace millrace::text
