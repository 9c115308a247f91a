#pragma once

/// Raw JSON texts (cells of jsonb) read where they lie: one pass forward, nothing is built. A value
/// is skipped by its brackets and quotes. Broken JSON ends a walk early and never reads outside of
/// the text. Private to this room; pure functions.

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "columns/column.h"

namespace millrace {

inline bool is_json_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
inline size_t skip_json_blanks(std::string_view json, size_t at) {
  while (at < json.size() && is_json_blank(json[at])) ++at;
  return at;
}

/// Behind the closing quote of the string that begins at `at`; the size if there is none.
inline size_t skip_json_string(std::string_view json, size_t at) {
  for (size_t from = at + 1; from < json.size();) {
    const void* quote = std::memchr(json.data() + from, '"', json.size() - from);
    if (!quote) break;
    const auto end = static_cast<size_t>(static_cast<const char*>(quote) - json.data());
    size_t slashes = 0;
    while (json[end - 1 - slashes] == '\\') ++slashes;  // The opening quote ends this.
    if (slashes % 2 == 0) return end + 1;
    from = end + 1;
  }
  return json.size();
}

/// Behind the value that begins at `at`.
size_t skip_json_value(std::string_view json, size_t at);

inline std::string_view trim_json(std::string_view json) {
  while (!json.empty() && is_json_blank(json.back())) json.remove_suffix(1);
  return json.substr(skip_json_blanks(json, 0));
}

/// visit(key with its quotes, value) for every member of an object, visit returns whether to go on.
template <class Visit>
void each_json_member(std::string_view object, Visit visit) {
  size_t at = skip_json_blanks(object, 1);
  while (at < object.size() && object[at] == '"') {
    const size_t key_end = skip_json_string(object, at);
    const std::string_view key = object.substr(at, key_end - at);
    at = skip_json_blanks(object, key_end);
    if (at >= object.size() || object[at] != ':') return;
    at = skip_json_blanks(object, at + 1);
    const size_t end = skip_json_value(object, at);
    if (!visit(key, object.substr(at, end - at))) return;
    at = skip_json_blanks(object, end);
    if (at >= object.size() || object[at] != ',') return;
    at = skip_json_blanks(object, at + 1);
  }
}

/// visit(value) for every element of an array.
template <class Visit>
void each_json_element(std::string_view array, Visit visit) {
  size_t at = skip_json_blanks(array, 1);
  while (at < array.size() && array[at] != ']') {
    const size_t end = skip_json_value(array, at);
    if (end == at || !visit(array.substr(at, end - at))) return;
    at = skip_json_blanks(array, end);
    if (at >= array.size() || array[at] != ',') return;
    at = skip_json_blanks(array, at + 1);
  }
}

enum class JsonKind : uint8_t { kObject, kArray, kString, kNumber, kBool, kNull };
/// By the first byte of a trimmed value.
JsonKind json_kind(std::string_view value);

/// The characters of a string (with its quotes): a view where it has no escape, else in `arena`.
std::string_view json_string(std::string_view quoted, ByteArena& arena);
/// Whether a key (with its quotes) has these characters.
bool json_key_is(std::string_view quoted, std::string_view name);

/// The member `name` (the last of that name) or element `index` (negative: from the end); empty:
/// none.
std::string_view json_member(std::string_view value, std::string_view name);
std::string_view json_element(std::string_view value, int64_t index);

}  // namespace millrace
