#include "base/bytes.h"

#include <cstddef>

namespace millrace {

void append_varint(std::string& out, uint64_t value) {
  char bytes[10];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}

void append_signed_varint(std::string& out, int64_t value) {
  // Zigzag: the sign becomes the lowest bit.
  append_varint(out, (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void append_sized(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out.append(bytes);
}

uint64_t ByteReader::varint() {
  uint64_t value = 0;
  for (unsigned i = 0; i < left_.size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>(left_[i]);
    if (i == 9 && byte > 1) return fail();  // Bits beyond the 64th.
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      left_.remove_prefix(i + 1);
      return value;
    }
  }
  return fail();
}

int64_t ByteReader::signed_varint() {
  const uint64_t value = varint();
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

std::string_view ByteReader::bytes(uint64_t count) {
  if (count > left_.size()) {
    fail();
    return {};
  }
  const std::string_view taken = left_.substr(0, count);
  left_.remove_prefix(count);
  return taken;
}

}  // namespace millrace
