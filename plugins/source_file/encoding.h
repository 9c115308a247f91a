#pragma once

/// Texts in other encodings become UTF-8 while they are read, so that the rest of the plugin knows
/// only UTF-8. Positions count bytes of the file, and those can be told from the UTF-8 alone: each
/// of these encodings has a fixed number of bytes per character (or pair), so nobody keeps a map.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::file_source {

enum class Encoding { kUtf8, kLatin1, kCp1252, kUtf16le };

std::optional<Encoding> encoding_named(std::string_view name);

/// Converts from the front of `in` to the front of `out` and moves both past what was used. A
/// character that is not complete yet stays in `in`; with `last` set only half a UTF-16 unit does.
/// Lone surrogates become three bytes that are not UTF-8, so that their record is refused.
void to_utf8(Encoding encoding, std::string_view& in, std::span<char>& out, bool last);

/// How many bytes of the file became `text`.
uint64_t encoded_size(Encoding encoding, std::string_view text);

}  // namespace millrace::file_source
