// Functions of single characters: their numbers, their case, one put for another.

#include <array>
#include <string_view>

#include "functions/characters.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

void initial_capitals(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, View>(call, [&](View text) {
    char* const made = arena.allocate(text.size());
    bool inside = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      made[i] = !is_letter(c) ? c : static_cast<char>(inside ? c | 0x20 : c & ~0x20);
      inside = is_letter(c) || (c >= '0' && c <= '9');
    }
    return View(made, text.size());
  });
}

int64_t code_point(View text) {
  if (text.empty()) return 0;
  const View one = character_at(text, 0);
  const auto lead = static_cast<unsigned char>(one[0]);
  if (one.size() == 1) return lead;
  int64_t code = lead & (0xFF >> (one.size() + 1));
  for (size_t i = 1; i < one.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(one[i]) & 0x3F);
  return code;
}
void ascii(const KernelCall& call) {
  map1<int64_t, View>(call, [](View text) { return code_point(text); });
}

size_t write_utf8(uint32_t code, char* out) {
  if (code < 0x80) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; code >>= 6) out[i] = static_cast<char>(0x80 | (code & 0x3F));
  out[0] = static_cast<char>((0xF00u >> size & 0xF0u) | code);
  return size;
}

void character_of(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const int64_t code = argument<int64_t>(call, 0, row);
    out[row] = {};
    if (code == 0) return call.fail(row, sqlstate::kProgramLimit, "null character not permitted");
    if (code < 0)
      return call.fail(row, sqlstate::kProgramLimit, "character number must be positive");
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
      return call.fail(row, sqlstate::kProgramLimit, "requested character not valid for encoding");
    }
    out[row] = made_text<4>(call.out,
                            [&](char* to) { return write_utf8(static_cast<uint32_t>(code), to); });
  });
}

void translate(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row), from = argument<View>(call, 1, row);
    const View to = argument<View>(call, 2, row);
    TextMaker made(call.out.bytes, text.size());
    for (size_t at = 0; at < text.size();) {
      const View one = character_at(text, at);
      at += one.size();
      size_t place = 0;
      int64_t index = 0;
      while (place < from.size() && character_at(from, place) != one) {
        place += character_at(from, place).size();
        ++index;
      }
      if (place == from.size()) {
        made.append(one);
      } else if (const size_t target = offset_of(to, index); target < to.size()) {
        made.append(character_at(to, target));
      }
    }
    out[row] = made.done();
  });
}

template <class Word>
void to_hex(const KernelCall& call) {
  Column& out = call.out;
  map1<View, int64_t>(call, [&out](int64_t value) {
    return made_text<16>(out, [value](char* to) {
      auto rest = static_cast<Word>(value);
      size_t size = 1;
      for (Word more = rest >> 4; more != 0; more >>= 4) ++size;
      for (size_t i = size; i-- > 0; rest >>= 4) to[i] = "0123456789abcdef"[rest & 15];
      return size;
    });
  });
}

constexpr Type kT = Type::kText, kI4 = Type::kInt4, kI8 = Type::kInt8;

constexpr std::array kEntries = {
    entry("initcap", {kT}, kT, initial_capitals, "Words with a capital first (ASCII only).",
          "initcap('hi THERE')", "Hi There"),
    entry("ascii", {kT}, kI4, ascii, "The number of the first character; 0 for none.", "ascii('é')",
          "233"),
    entry("chr", {kI4}, kT, character_of, "The character of a number.", "chr(233)", "é"),
    entry("translate", {kT, kT, kT}, kT, translate,
          "Each character of the second becomes that of the third, or goes.",
          "translate('12345', '143', 'ax')", "a2x5"),
    entry("to_hex", {kI4}, kT, to_hex<uint32_t>, "In hexadecimal digits.", "to_hex(-1)",
          "ffffffff"),
    entry("to_hex", {kI8}, kT, to_hex<uint64_t>, "In hexadecimal digits.", "to_hex(5000000000)",
          "12a05f200"),
};

}  // namespace

std::span<const Function> character_functions() { return kEntries; }

}  // namespace millrace
