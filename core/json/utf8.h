#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);
/// Byte offset of the first invalid sequence; text.size() if there is none.
size_t first_invalid_utf8(std::string_view text);

}  // namespace millrace
