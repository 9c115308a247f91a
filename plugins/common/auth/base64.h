#pragma once

/// Pure.

#include <string>
#include <string_view>

namespace millrace::auth {

/// RFC 4648: with `+`, `/` and padding.
std::string base64(std::string_view bytes);
/// With `-`, `_` and no padding, as in tokens.
std::string base64url(std::string_view bytes);

}  // namespace millrace::auth
