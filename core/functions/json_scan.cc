#include "functions/json_scan.h"

namespace millrace {
namespace {

/// Bytes that matter while a container is skipped.
constexpr std::array<uint8_t, 256> kMarks = [] {
  std::array<uint8_t, 256> marks{};
  marks['"'] = 1;
  marks['{'] = marks['['] = 2;
  marks['}'] = marks[']'] = 3;
  return marks;
}();

size_t skip_container(std::string_view json, size_t at) {
  size_t depth = 0;
  while (at < json.size()) {
    switch (kMarks[static_cast<unsigned char>(json[at])]) {
      case 1: at = skip_json_string(json, at); continue;
      case 2: ++depth; break;
      case 3:
        if (--depth == 0) return at + 1;
        break;
      default: break;
    }
    ++at;
  }
  return json.size();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 0;
}

/// Four hexadecimal digits at `at`; 0xFFFD where they are missing.
uint32_t code_unit(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return 0xFFFD;
  uint32_t code = 0;
  for (size_t i = 0; i < 4; ++i) code = code << 4 | static_cast<uint32_t>(hex_value(text[at + i]));
  return code;
}

char* put_utf8(uint32_t code, char* out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | code >> 18);
    *out++ = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

/// The escape behind the backslash at `at`; `at` moves behind it.
char* put_escape(std::string_view text, size_t& at, char* out) {
  const char c = at + 1 < text.size() ? text[at + 1] : '\\';
  at += 2;
  if (c != 'u') {
    constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
    const size_t known = kFrom.find(c);
    *out++ = known == kFrom.npos ? c : kTo[known];
    return out;
  }
  uint32_t code = code_unit(text, at);
  at += 4;
  const bool paired = code >= 0xD800 && code < 0xDC00 &&
                      text.substr(at < text.size() ? at : text.size()).starts_with("\\u");
  if (paired) {
    const uint32_t low = code_unit(text, at + 2);
    code = 0x10000 + ((code - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
    at += 6;
  } else if (code >= 0xD800 && code < 0xE000) {
    code = 0xFFFD;
  }
  return put_utf8(code, out);
}

}  // namespace

size_t skip_json_value(std::string_view json, size_t at) {
  if (at >= json.size()) return at;
  if (json[at] == '"') return skip_json_string(json, at);
  if (json[at] == '{' || json[at] == '[') return skip_container(json, at);
  while (at < json.size() && json[at] != ',' && json[at] != '}' && json[at] != ']' &&
         !is_json_blank(json[at]))
    ++at;
  return at;
}

JsonKind json_kind(std::string_view value) {
  switch (value.empty() ? 'n' : value[0]) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't':
    case 'f': return JsonKind::kBool;
    case 'n': return JsonKind::kNull;
    default: return JsonKind::kNumber;
  }
}

std::string_view json_string(std::string_view quoted, ByteArena& arena) {
  const std::string_view text =
      quoted.size() < 2 ? std::string_view() : quoted.substr(1, quoted.size() - 2);
  if (text.find('\\') == text.npos) return text;
  char* const begin = arena.allocate(text.size());  // No escape is shorter than what it stands for.
  char* out = begin;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      out = put_escape(text, at, out);
    } else {
      *out++ = text[at++];
    }
  }
  const auto size = static_cast<size_t>(out - begin);
  arena.give_back(text.size() - size);
  return {begin, size};
}

bool json_key_is(std::string_view quoted, std::string_view name) {
  if (quoted.size() == name.size() + 2 &&
      std::memcmp(quoted.data() + 1, name.data(), name.size()) == 0) {
    return name.find('\\') == name.npos;
  }
  if (quoted.find('\\') == quoted.npos) return false;
  ByteArena arena;
  return json_string(quoted, arena) == name;
}

std::string_view json_member(std::string_view value, std::string_view name) {
  std::string_view found;
  if (json_kind(value) != JsonKind::kObject) return found;
  each_json_member(value, [&](std::string_view key, std::string_view member) {
    if (json_key_is(key, name)) found = member;
    return true;
  });
  return found;
}

std::string_view json_element(std::string_view value, int64_t index) {
  std::string_view found;
  if (json_kind(value) != JsonKind::kArray) return found;
  if (index < 0) {
    int64_t size = 0;
    each_json_element(value, [&](std::string_view) { return ++size, true; });
    index += size;
    if (index < 0) return found;
  }
  each_json_element(value, [&](std::string_view element) {
    if (index-- == 0) found = element;
    return found.empty();
  });
  return found;
}

}  // namespace millrace
