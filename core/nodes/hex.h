#pragma once

/// Bytes as hexadecimal text: plugins' snapshots inside the commit's JSON.

#include <string>
#include <string_view>

namespace millrace {

std::string to_hex(std::string_view bytes);
/// False if `hex` is not pairs of hexadecimal digits.
bool from_hex(std::string_view hex, std::string& bytes);

}  // namespace millrace
