#include "encoding.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::file_source {
namespace {

constexpr std::pair<std::string_view, Encoding> kNames[] = {{"utf-8", Encoding::kUtf8},
                                                            {"latin1", Encoding::kLatin1},
                                                            {"cp1252", Encoding::kCp1252},
                                                            {"utf-16le", Encoding::kUtf16le}};

/// What cp1252 has where Latin-1 has control characters. The five that it leaves undefined stay
/// what they are, as in web browsers.
constexpr uint16_t kCp1252[32] = {0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
                                  0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

constexpr std::size_t kLongestCharacter = 4;

std::size_t put_character(uint32_t code, char* to) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) {
    to[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    to[0] = byte(0xc0 | code >> 6);
    to[1] = byte(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    to[0] = byte(0xe0 | code >> 12);
    to[1] = byte(0x80 | (code >> 6 & 0x3f));
    to[2] = byte(0x80 | (code & 0x3f));
    return 3;
  }
  to[0] = byte(0xf0 | code >> 18);
  to[1] = byte(0x80 | (code >> 12 & 0x3f));
  to[2] = byte(0x80 | (code >> 6 & 0x3f));
  to[3] = byte(0x80 | (code & 0x3f));
  return 4;
}

void from_one_byte(bool cp1252, std::string_view& in, std::span<char>& out) {
  std::size_t used = 0, put = 0;
  while (used < in.size() && put + kLongestCharacter <= out.size()) {
    uint32_t code = static_cast<unsigned char>(in[used++]);
    if (cp1252 && code >= 0x80 && code < 0xa0) code = kCp1252[code - 0x80];
    put += put_character(code, out.data() + put);
  }
  in.remove_prefix(used);
  out = out.subspan(put);
}

uint32_t unit_at(std::string_view in, std::size_t at) {
  return static_cast<unsigned char>(in[at]) |
         static_cast<uint32_t>(static_cast<unsigned char>(in[at + 1])) << 8;
}
bool is_high(uint32_t unit) { return (unit & 0xfc00) == 0xd800; }
bool is_low(uint32_t unit) { return (unit & 0xfc00) == 0xdc00; }

void from_utf16(std::string_view& in, std::span<char>& out, bool last) {
  std::size_t used = 0, put = 0;
  while (used + 2 <= in.size() && put + kLongestCharacter <= out.size()) {
    uint32_t code = unit_at(in, used);
    std::size_t size = 2;
    if (is_high(code)) {
      if (used + 4 > in.size() && !last) break;
      if (used + 4 <= in.size() && is_low(unit_at(in, used + 2))) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (unit_at(in, used + 2) & 0x3ff);
        size = 4;
      }
    }
    put += put_character(code, out.data() + put);
    used += size;
  }
  in.remove_prefix(used);
  out = out.subspan(put);
}

}  // namespace

std::optional<Encoding> encoding_named(std::string_view name) {
  for (const auto& [known, encoding] : kNames) {
    if (known == name) return encoding;
  }
  return std::nullopt;
}

void to_utf8(Encoding encoding, std::string_view& in, std::span<char>& out, bool last) {
  if (encoding == Encoding::kUtf16le) return from_utf16(in, out, last);
  if (encoding != Encoding::kUtf8) return from_one_byte(encoding == Encoding::kCp1252, in, out);
  const std::size_t size = std::min(in.size(), out.size());
  std::memcpy(out.data(), in.data(), size);
  in.remove_prefix(size);
  out = out.subspan(size);
}

uint64_t encoded_size(Encoding encoding, std::string_view text) {
  if (encoding == Encoding::kUtf8) return text.size();
  uint64_t characters = 0, pairs = 0;
  for (const char c : text) {
    characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    pairs += static_cast<unsigned char>(c) >= 0xf0;
  }
  return encoding == Encoding::kUtf16le ? 2 * (characters + pairs) : characters;
}

}  // namespace millrace::file_source
