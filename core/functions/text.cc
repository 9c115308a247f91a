// Text functions. Only ASCII letters change case, as PostgreSQL has it under collation "C".

#include <array>
#include <cstring>

#include "functions/characters.h"
#include "functions/kernel.h"

namespace millrace {
namespace {

using View = std::string_view;

template <char kFrom, char kTo>
void fold_case(const KernelCall& call) {
  Column& out = call.out;
  map1<View, View>(call, [&out](View a) {
    constexpr char kChange = 'a' - 'A';
    char* made = out.bytes.allocate(a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      const char c = a[i];
      made[i] = c >= kFrom && c <= kTo ? static_cast<char>(c ^ kChange) : c;
    }
    return View(made, a.size());
  });
}

void concat(const KernelCall& call) {
  Column& out = call.out;
  map2<View, View, View>(call, [&out](View a, View b) {
    char* made = out.bytes.allocate(a.size() + b.size());
    if (!a.empty()) std::memcpy(made, a.data(), a.size());
    if (!b.empty()) std::memcpy(made + a.size(), b.data(), b.size());
    return View(made, a.size() + b.size());
  });
}

void length(const KernelCall& call) {
  map1<int64_t, View>(call, [](View a) { return count_characters(a); });
}

void octet_length(const KernelCall& call) {
  map1<int64_t, View>(call, [](View a) { return static_cast<int64_t>(a.size()); });
}

void bit_length(const KernelCall& call) {
  map1<int64_t, View>(call, [](View a) { return static_cast<int64_t>(a.size()) * 8; });
}

void starts_with(const KernelCall& call) {
  map2<uint8_t, View, View>(call, [](View a, View b) { return a.starts_with(b); });
}

/// 1-based, in characters; 0: not found.
void position_of(const KernelCall& call) {
  map2<int64_t, View, View>(call, [](View text, View part) -> int64_t {
    const size_t found = text.find(part);
    return found == View::npos ? 0 : count_characters(text.substr(0, found)) + 1;
  });
}

constexpr Type kT = Type::kText, kI4 = Type::kInt4, kB = Type::kBool;

constexpr std::array kEntries = {
    entry("||", {kT, kT}, kT, concat, "Joins two texts; other types become text first.", "'a' || 1",
          "a1"),
    entry("lower", {kT}, kT, fold_case<'A', 'Z'>, "Small letters (ASCII only).", "lower('AbC')",
          "abc"),
    entry("upper", {kT}, kT, fold_case<'a', 'z'>, "Capital letters (ASCII only).", "upper('AbC')",
          "ABC"),
    entry("length", {kT}, kI4, length, "Characters in the text.", "length('né')", "2"),
    entry("char_length", {kT}, kI4, length, "Characters in the text.", "char_length('né')", "2"),
    entry("octet_length", {kT}, kI4, octet_length, "Bytes in the text.", "octet_length('né')", "3"),
    entry("starts_with", {kT, kT}, kB, starts_with, "Whether the first begins with the second.",
          "starts_with('alphabet', 'alph')", "true"),
    entry("strpos", {kT, kT}, kI4, position_of,
          "Place of the second in the first, from 1; 0 if it is not there.", "strpos('high', 'ig')",
          "2"),
    entry("position", {kT, kT}, kI4, position_of,
          "Place of the first in the second, from 1; 0 if it is not there.",
          "position('ig' in 'high')", "2"),
    entry("bit_length", {kT}, kI4, bit_length, "Bits in the text.", "bit_length('né')", "24"),
    entry("character_length", {kT}, kI4, length, "Characters in the text.",
          "character_length('né')", "2"),
};

}  // namespace

std::span<const Function> text_functions() { return kEntries; }

}  // namespace millrace
