#pragma once

/// Bytes as hexadecimal text, two small letters or digits each, for places that hold only text.
/// Pure.

#include <string>
#include <string_view>

namespace millrace {

std::string to_hex(std::string_view bytes);
/// False, and `bytes` mean nothing: `hex` is not pairs of such digits.
bool from_hex(std::string_view hex, std::string& bytes);

}  // namespace millrace
