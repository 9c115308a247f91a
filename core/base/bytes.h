#pragma once

/// Little-endian integers, varints (LEB128, 7 bits a byte, low bits first) and sized bytes, to and
/// from strings. Everything Millrace keeps on disk is written with these, so that a file moves
/// between machines.
/// Threads: as any plain value.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

namespace bytes_detail {
template <class T>
inline void append_little_endian(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (unsigned i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  out.append(bytes, sizeof(T));
}
}  // namespace bytes_detail

inline void append_u8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }
inline void append_u16(std::string& out, uint16_t value) {
  bytes_detail::append_little_endian(out, value);
}
inline void append_u32(std::string& out, uint32_t value) {
  bytes_detail::append_little_endian(out, value);
}
inline void append_u64(std::string& out, uint64_t value) {
  bytes_detail::append_little_endian(out, value);
}
inline void append_i64(std::string& out, int64_t value) {
  append_u64(out, static_cast<uint64_t>(value));
}

/// How many bytes a varint takes: 1 below 128, at most 10.
inline unsigned varint_bytes(uint64_t value) {
  return (static_cast<unsigned>(std::bit_width(value | 1)) + 6) / 7;
}
/// Writes varint_bytes(value) bytes and returns their end.
inline char* write_varint(char* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}
void append_varint(std::string& out, uint64_t value);
/// Small for small numbers of either sign.
void append_signed_varint(std::string& out, int64_t value);
/// The length as varint, then the bytes.
void append_sized(std::string& out, std::string_view bytes);

/// Reads from the front of `bytes`, never past its end. The first read that does not fit makes
/// the reader fail for good: that read and all later ones answer 0 or empty, so a decoder may
/// read a whole structure and ask ok() once, before it believes any of it.
/// Ownership: views point into `bytes`.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  uint8_t u8() { return little_endian<uint8_t>(); }
  uint16_t u16() { return little_endian<uint16_t>(); }
  uint32_t u32() { return little_endian<uint32_t>(); }
  uint64_t u64() { return little_endian<uint64_t>(); }
  int64_t i64() { return static_cast<int64_t>(u64()); }
  /// Fails also when the number needs more than 64 bits.
  uint64_t varint();
  int64_t signed_varint();
  std::string_view bytes(uint64_t count);
  /// What append_sized wrote.
  std::string_view sized() { return bytes(varint()); }

  bool ok() const { return ok_; }
  /// Nothing is left and nothing failed.
  bool at_end() const { return ok_ && left_.empty(); }
  /// The bytes that are left; empty after a failure.
  std::string_view left() const { return left_; }

 private:
  template <class T>
  T little_endian() {
    if (left_.size() < sizeof(T)) return fail();
    uint64_t value = 0;
    for (unsigned i = 0; i < sizeof(T); ++i) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(left_[i])) << (8 * i);
    }
    left_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  uint8_t fail() {
    ok_ = false;
    left_ = {};
    return 0;
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace millrace
