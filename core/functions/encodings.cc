// Digests, hashes, and texts as hexadecimal and base64.

#include <algorithm>
#include <array>
#include <string>

#include "base/hash.h"
#include "columns/json_encode.h"
#include "functions/digest.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

template <size_t kSize, void (*kWrite)(View, char*)>
void hex_digest(const KernelCall& call) {
  Column& out = call.out;
  map1<View, View>(call, [&out](View text) {
    return made_text<kSize>(out, [text](char* to) {
      kWrite(text, to);
      return kSize;
    });
  });
}

void hash_text(const KernelCall& call) {
  map1<int64_t, View>(call, [](View text) { return static_cast<int64_t>(hash_bytes(text)); });
}

View to_hex(View text, ByteArena& arena) {
  char* const made = arena.allocate(text.size() * 2);
  char* at = made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    *at++ = "0123456789abcdef"[byte >> 4];
    *at++ = "0123456789abcdef"[byte & 15];
  }
  return {made, text.size() * 2};
}

/// A line end after each 76 digits, as PostgreSQL (and MIME) have it.
View to_base64(View text, ByteArena& arena) {
  constexpr size_t kLine = 76;
  ByteBuffer digits;
  write_base64(text, digits);
  TextMaker made(arena, digits.size() + digits.size() / kLine + 1);
  for (View rest = digits.view(); !rest.empty(); rest.remove_prefix(std::min(kLine, rest.size()))) {
    if (rest.size() != digits.size()) made.append('\n');
    made.append(rest.substr(0, kLine));
  }
  return made.done();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
int base64_value(char c) {
  const View digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t found = digits.find(c);
  return found == View::npos ? -1 : static_cast<int>(found);
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Digits of `bits` bits each to bytes; nullopt: something else stands among them.
template <int kBits, int (*kValue)(char)>
bool from_digits(View text, TextMaker& made) {
  uint32_t buffer = 0;
  int held = 0;
  size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    if (kBits == 6 && c == '=') {
      ++padding;
      continue;
    }
    const int value = kValue(c);
    if (value < 0 || padding > 0) return false;
    buffer = buffer << kBits | static_cast<uint32_t>(value);
    held += kBits;
    ++digits;
    if (held < 8) continue;
    held -= 8;
    made.append(static_cast<char>(buffer >> held & 0xFF));
  }
  return kBits == 4 ? digits % 2 == 0 : (digits + padding) % 4 == 0 && padding <= 2;
}

void encode(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row), format = argument<View>(call, 1, row);
    out[row] = {};
    if (format == "hex") {
      out[row] = to_hex(text, call.out.bytes);
    } else if (format == "base64") {
      out[row] = to_base64(text, call.out.bytes);
    } else {
      call.fail(row, sqlstate::kInvalidParameter,
                quoted_message("unrecognized encoding: ", format));
    }
  });
}

void decode(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row), format = argument<View>(call, 1, row);
    TextMaker made(call.out.bytes, text.size());
    const bool hex = format == "hex";
    if (!hex && format != "base64") {
      call.fail(row, sqlstate::kInvalidParameter,
                quoted_message("unrecognized encoding: ", format));
    } else if (!(hex ? from_digits<4, hex_value>(text, made)
                     : from_digits<6, base64_value>(text, made))) {
      call.fail(row, sqlstate::kInvalidParameter,
                quoted_message(hex ? "invalid hexadecimal data: " : "invalid base64 data: ", text));
    }
    out[row] = made.done();
    if (!is_utf8(out[row]) || out[row].find('\0') != View::npos) {
      call.fail(row, sqlstate::kNotInRepertoire, "the decoded bytes are not UTF-8 text");
    }
  });
}

constexpr Type kT = Type::kText;

constexpr std::array kEntries = {
    entry("md5", {kT}, kT, hex_digest<kMd5HexSize, write_md5_hex>, "MD5 in hexadecimal digits.",
          "md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
    ours(entry("sha256", {kT}, kT, hex_digest<kSha256HexSize, write_sha256_hex>,
               "SHA-256 of the text in hexadecimal digits.", "sha256('abc')",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
    ours(entry("encode", {kT, kT}, kT, encode, "The text's bytes as `hex` or `base64`.",
               "encode('né', 'hex')", "6ec3a9")),
    ours(entry("decode", {kT, kT}, kT, decode,
               "Text from `hex` or `base64`; an error if it is not UTF-8.",
               "decode('bsOp', 'base64')", "né")),
    ours(entry("hash64", {kT}, Type::kInt8, hash_text,
               "A fast hash of the text (XXH3, fixed seed), the same everywhere.",
               "hash64('a') = hash64('a')", "true")),
};

}  // namespace

std::span<const Function> digest_functions() { return kEntries; }

}  // namespace millrace
