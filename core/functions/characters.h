#pragma once

/// Texts by characters: UTF-8 code points. Bytes that are no good UTF-8 count by their lead bytes.

#include <cstdint>
#include <string_view>

namespace millrace {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

inline int64_t count_characters(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += !is_continuation(c);
  return count;
}

/// Byte offset of character `index` (0-based); the size where the text is shorter.
inline size_t offset_of(std::string_view text, int64_t index) {
  size_t at = 0;
  while (at < text.size() && index > 0) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    --index;
  }
  return at;
}

/// The character that begins at `at`.
inline std::string_view character_at(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && is_continuation(text[end])) ++end;
  return text.substr(at, end - at);
}

}  // namespace millrace
