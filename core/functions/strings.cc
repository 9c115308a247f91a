// Functions that cut, pad, search and join texts, by characters.

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "functions/characters.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// No text that a function makes is longer. PostgreSQL's limit is a gigabyte, but its rows are few.
constexpr int64_t kMadeTextMax = 16 << 20;
constexpr Fault kTooLong = {sqlstate::kProgramLimit, "requested length too large"};

bool is_one_of(View characters, View character) {
  for (size_t at = 0; at < characters.size();) {
    const View one = character_at(characters, at);
    if (one == character) return true;
    at += one.size();
  }
  return false;
}

template <bool kLeft, bool kRight>
View trimmed(View text, View set) {
  while (kLeft && !text.empty()) {
    const View first = character_at(text, 0);
    if (!is_one_of(set, first)) break;
    text.remove_prefix(first.size());
  }
  while (kRight && !text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && is_continuation(text[at])) --at;
    if (!is_one_of(set, text.substr(at))) break;
    text = text.substr(0, at);
  }
  return text;
}

template <bool kLeft, bool kRight>
void trim_blanks_of(const KernelCall& call) {
  map1<View, View>(call, [](View text) { return trimmed<kLeft, kRight>(text, " "); });
}
template <bool kLeft, bool kRight>
void trim_set(const KernelCall& call) {
  map2<View, View, View>(call,
                         [](View text, View set) { return trimmed<kLeft, kRight>(text, set); });
}

/// Characters [from, to) counted from 1.
View cut(View text, int64_t from, int64_t to) {
  const int64_t first = std::max<int64_t>(from, 1);
  if (to <= first) return {};
  text.remove_prefix(offset_of(text, first - 1));
  return text.substr(0, offset_of(text, to - first));
}

void substring_from(const KernelCall& call) {
  map2<View, View, int64_t>(call,
                            [](View text, int64_t from) { return cut(text, from, INT64_MAX); });
}

void substring_for(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const int64_t from = argument<int64_t>(call, 1, row), count = argument<int64_t>(call, 2, row);
    out[row] = {};
    if (count < 0)
      return call.fail(row, sqlstate::kNegativeSubstring, "negative substring length not allowed");
    out[row] = cut(argument<View>(call, 0, row), from, from + count);
  });
}

void left_part(const KernelCall& call) {
  map2<View, View, int64_t>(call, [](View text, int64_t count) {
    return text.substr(0, offset_of(text, count < 0 ? count_characters(text) + count : count));
  });
}

void right_part(const KernelCall& call) {
  map2<View, View, int64_t>(call, [](View text, int64_t count) {
    return text.substr(offset_of(text, count < 0 ? -count : count_characters(text) - count));
  });
}

void replace_all(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    View text = argument<View>(call, 0, row);
    const View from = argument<View>(call, 1, row), to = argument<View>(call, 2, row);
    size_t found = from.empty() ? View::npos : text.find(from);
    if (found == View::npos) {
      out[row] = text;
      return;
    }
    TextMaker made(call.out.bytes, text.size() + to.size());
    for (; found != View::npos; found = text.find(from)) {
      made.append(text.substr(0, found));
      made.append(to);
      text.remove_prefix(found + from.size());
    }
    made.append(text);
    out[row] = made.done();
  });
}

View part_of(View text, View separator, int64_t index) {
  if (separator.empty()) return index == 1 || index == -1 ? text : View();
  if (index < 0) {
    int64_t parts = 1;
    for (size_t at = text.find(separator); at != View::npos;
         at = text.find(separator, at + separator.size()))
      ++parts;
    index += parts + 1;
    if (index < 1) return {};
  }
  for (;; --index) {
    const size_t found = text.find(separator);
    if (index == 1) return text.substr(0, found);
    if (found == View::npos) return {};
    text.remove_prefix(found + separator.size());
  }
}

void split_part(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const int64_t index = argument<int64_t>(call, 2, row);
    if (index == 0) {
      out[row] = {};
      return call.fail(row, sqlstate::kInvalidParameter, "field position must not be zero");
    }
    out[row] = part_of(argument<View>(call, 0, row), argument<View>(call, 1, row), index);
  });
}

void repeat(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    const int64_t count = std::max<int64_t>(argument<int64_t>(call, 1, row), 0);
    out[row] = {};
    if (text.empty() || count == 0) return;
    if (count > kMadeTextMax / static_cast<int64_t>(text.size()))
      return call.fail(row, kTooLong.sqlstate, kTooLong.text);
    const size_t size = text.size() * static_cast<size_t>(count);
    char* made = call.out.bytes.allocate(size);
    for (size_t at = 0; at < size; at += text.size())
      std::memcpy(made + at, text.data(), text.size());
    out[row] = {made, size};
  });
}

void reverse(const KernelCall& call) {
  ByteArena& arena = call.out.bytes;
  map1<View, View>(call, [&](View text) {
    char* const made = arena.allocate(text.size());
    char* at = made + text.size();
    for (size_t i = 0; i < text.size();) {
      const View one = character_at(text, i);
      at -= one.size();
      std::memcpy(at, one.data(), one.size());
      i += one.size();
    }
    return View(made, text.size());
  });
}

/// `count` characters of `fill`, again and again.
void append_fill(TextMaker& made, View fill, int64_t count) {
  for (size_t at = 0; count > 0; --count) {
    if (at == fill.size()) at = 0;
    const View one = character_at(fill, at);
    made.append(one);
    at += one.size();
  }
}

template <bool kLeft>
void pad(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    const int64_t size = std::max<int64_t>(argument<int64_t>(call, 1, row), 0);
    const View fill = call.args.size() > 2 ? argument<View>(call, 2, row) : View(" ");
    out[row] = {};
    if (size > kMadeTextMax / 4) return call.fail(row, kTooLong.sqlstate, kTooLong.text);
    const int64_t missing = size - count_characters(text);
    if (missing <= 0 || fill.empty()) {
      out[row] = text.substr(0, offset_of(text, size));
      return;
    }
    TextMaker made(call.out.bytes, text.size() + static_cast<size_t>(missing));
    if (kLeft) append_fill(made, fill, missing);
    made.append(text);
    if (!kLeft) append_fill(made, fill, missing);
    out[row] = made.done();
  });
}

void bool_letter(const KernelCall& call) {
  map1<View, uint8_t>(call, [](uint8_t a) { return a ? View("t") : View("f"); });
}

/// NULLs do not count.
void concat(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (call.args[i]->valid(row)) made.append(argument<View>(call, i, row));
    }
    out[row] = made.done();
  });
}

void concat_with_separator(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    TextMaker made(call.out.bytes);
    bool first = true;
    for (size_t i = 1; i < call.args.size(); ++i) {
      if (!call.args[i]->valid(row)) continue;
      if (!first) made.append(argument<View>(call, 0, row));
      made.append(argument<View>(call, i, row));
      first = false;
    }
    out[row] = made.done();
  });
}

constexpr Type kT = Type::kText, kI4 = Type::kInt4;

constexpr std::array kEntries = {
    entry("btrim", {kT}, kT, trim_blanks_of<true, true>, "Without blanks at both ends.",
          "trim(' a b ')", "a b"),
    entry("btrim", {kT, kT}, kT, trim_set<true, true>, "Without these characters at both ends.",
          "trim(both 'xy' from 'yxabcx')", "abc"),
    entry("ltrim", {kT}, kT, trim_blanks_of<true, false>, "Without blanks at the start.",
          "ltrim('  a') || '|'", "a|"),
    entry("ltrim", {kT, kT}, kT, trim_set<true, false>, "Without these characters at the start.",
          "ltrim('xxa', 'x')", "a"),
    entry("rtrim", {kT}, kT, trim_blanks_of<false, true>, "Without blanks at the end.",
          "rtrim('a  ') || '|'", "a|"),
    entry("rtrim", {kT, kT}, kT, trim_set<false, true>, "Without these characters at the end.",
          "rtrim('axx', 'x')", "a"),
    entry("substr", {kT, kI4}, kT, substring_from, "From this character on, counted from 1.",
          "substr('alphabet', 3)", "phabet"),
    entry("substr", {kT, kI4, kI4}, kT, substring_for, "So many characters from this one on.",
          "substr('alphabet', 3, 2)", "ph"),
    entry("substring", {kT, kI4}, kT, substring_from, "From this character on, counted from 1.",
          "substring('alphabet' from 3)", "phabet"),
    entry("substring", {kT, kI4, kI4}, kT, substring_for, "So many characters from this one on.",
          "substring('alphabet' from 3 for 2)", "ph"),
    entry("left", {kT, kI4}, kT, left_part, "The first characters; negative: all but the last.",
          "left('abcde', 2)", "ab"),
    entry("right", {kT, kI4}, kT, right_part, "The last characters; negative: all but the first.",
          "right('abcde', -2)", "cde"),
    entry("replace", {kT, kT, kT}, kT, replace_all,
          "Every second text in the first becomes the third.", "replace('abab', 'b', 'xy')",
          "axyaxy"),
    entry("split_part", {kT, kT, kI4}, kT, split_part,
          "Part n between separators; negative: from the end.", "split_part('a/b/c', '/', 2)", "b"),
    entry("repeat", {kT, kI4}, kT, repeat, "The text so many times.", "repeat('ab', 3)", "ababab"),
    entry("reverse", {kT}, kT, reverse, "The characters from the last to the first.",
          "reverse('né')", "én"),
    entry("lpad", {kT, kI4}, kT, pad<true>, "Filled with blanks in front, or cut, to a length.",
          "lpad('7', 3)", "  7"),
    entry("lpad", {kT, kI4, kT}, kT, pad<true>, "Filled in front, or cut, to a length.",
          "lpad('7', 3, '0')", "007"),
    entry("rpad", {kT, kI4}, kT, pad<false>, "Filled with blanks behind, or cut, to a length.",
          "rpad('7', 3) || '|'", "7  |"),
    entry("rpad", {kT, kI4, kT}, kT, pad<false>, "Filled behind, or cut, to a length.",
          "rpad('ab', 5, 'xy')", "abxyx"),
    entry("bool letter", {Type::kBool}, kT, bool_letter, "t or f, as output writes a bool.",
          "concat(true, false)", "tf"),
    variadic(entry("concat", {}, kT, concat, "All arguments as text; NULLs do not count.",
                   "concat('a', null, 1, true)", "a1t"),
             Rest::kText),
    variadic(entry("concat_ws", {kT}, kT, concat_with_separator,
                   "All further arguments with the first between them.",
                   "concat_ws('-', 'a', null, 2)", "a-2"),
             Rest::kText),
};

}  // namespace

std::span<const Function> string_functions() { return kEntries; }

}  // namespace millrace
