#include "functions/digest.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace millrace {
namespace {

constexpr size_t kBlock = 64;

/// Runs `step` over the text in blocks of 64 bytes, padded with a one bit, zeros and the length.
template <class Step>
void each_block(std::string_view text, bool big_endian, Step step) {
  const uint64_t bits = static_cast<uint64_t>(text.size()) * 8;
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    step(reinterpret_cast<const unsigned char*>(text.data()));
  }
  unsigned char last[2 * kBlock] = {};
  std::memcpy(last, text.data(), text.size());
  last[text.size()] = 0x80;
  const size_t size = text.size() + 9 > kBlock ? 2 * kBlock : kBlock;
  for (size_t i = 0; i < 8; ++i) {
    last[size - 8 + i] = static_cast<unsigned char>(bits >> 8 * (big_endian ? 7 - i : i));
  }
  for (size_t at = 0; at < size; at += kBlock) step(last + at);
}

uint32_t word_at(const unsigned char* bytes, bool big_endian) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) word |= uint32_t{bytes[i]} << 8 * (big_endian ? 3 - i : i);
  return word;
}

template <size_t kWords>
void write_hex(const std::array<uint32_t, kWords>& words, bool big_endian, char* out) {
  for (const uint32_t word : words) {
    for (size_t i = 0; i < 4; ++i) {
      const uint32_t byte = word >> 8 * (big_endian ? 3 - i : i) & 0xFF;
      *out++ = "0123456789abcdef"[byte >> 4];
      *out++ = "0123456789abcdef"[byte & 15];
    }
  }
}

/// The first 32 bits behind the point of the square or cube roots of the first primes.
std::array<uint32_t, 64> root_fractions(size_t count, int root) {
  std::array<uint32_t, 64> out{};
  size_t found = 0;
  for (uint32_t n = 2; found < count; ++n) {
    bool prime = true;
    for (uint32_t by = 2; by * by <= n; ++by) prime = prime && n % by != 0;
    if (!prime) continue;
    const long double value =
        root == 2 ? std::sqrt(static_cast<long double>(n)) : std::cbrt(static_cast<long double>(n));
    out[found++] = static_cast<uint32_t>((value - std::floor(value)) * 0x1p32L);
  }
  return out;
}

}  // namespace

void write_md5_hex(std::string_view text, char* out) {
  static const auto kSines = [] {
    std::array<uint32_t, 64> sines{};
    for (size_t i = 0; i < 64; ++i)
      sines[i] = static_cast<uint32_t>(std::fabs(std::sin(static_cast<double>(i + 1))) * 0x1p32);
    return sines;
  }();
  constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  std::array<uint32_t, 4> sum = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  each_block(text, false, [&](const unsigned char* block) {
    auto [a, b, c, d] = sum;
    for (size_t i = 0; i < 64; ++i) {
      const size_t round = i / 16;
      const uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                             : round == 1 ? (d & b) | (~d & c)
                             : round == 2 ? b ^ c ^ d
                                          : c ^ (b | ~d);
      const size_t word = round == 0   ? i
                          : round == 1 ? (5 * i + 1) % 16
                          : round == 2 ? (3 * i + 5) % 16
                                       : 7 * i % 16;
      const uint32_t turned = std::rotl(a + mixed + kSines[i] + word_at(block + 4 * word, false),
                                        kShifts[round][i % 4]);
      a = d;
      d = c;
      c = b;
      b += turned;
    }
    sum = {sum[0] + a, sum[1] + b, sum[2] + c, sum[3] + d};
  });
  write_hex(sum, false, out);
}

void write_sha256_hex(std::string_view text, char* out) {
  static const auto kRound = root_fractions(64, 3);
  static const auto kStart = root_fractions(8, 2);
  std::array<uint32_t, 8> sum{};
  std::copy(kStart.begin(), kStart.begin() + 8, sum.begin());
  each_block(text, true, [&](const unsigned char* block) {
    std::array<uint32_t, 64> words;
    for (size_t i = 0; i < 16; ++i) words[i] = word_at(block + 4 * i, true);
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t x = words[i - 15], y = words[i - 2];
      words[i] = words[i - 16] + words[i - 7] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3) +
                 (std::rotr(y, 17) ^ std::rotr(y, 19) ^ y >> 10);
    }
    auto v = sum;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t e = v[4], a = v[0];
      const uint32_t first = v[7] + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                             ((e & v[5]) ^ (~e & v[6])) + kRound[i] + words[i];
      const uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                              ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      v = {first + second, a, v[1], v[2], v[3] + first, e, v[5], v[6]};
    }
    for (size_t i = 0; i < 8; ++i) sum[i] += v[i];
  });
  write_hex(sum, true, out);
}

}  // namespace millrace
