#pragma once

/// MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of a text, as hexadecimal digits. Ours, since two short
/// functions are no reason to link a library of cryptography; nothing secret is made with them.
/// Pure functions; threads: any.

#include <string_view>

namespace millrace {

inline constexpr size_t kMd5HexSize = 32, kSha256HexSize = 64;
void write_md5_hex(std::string_view text, char* out);
void write_sha256_hex(std::string_view text, char* out);

}  // namespace millrace
