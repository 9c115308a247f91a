// Regular expressions, by RE2: linear in the text whatever the pattern. PostgreSQL's spelling is
// brought to RE2's where they differ in writing only; what RE2 cannot do is refused.

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "functions/array_kernel.h"
#include "functions/characters.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/regex_spelling.h"

namespace millrace {
namespace {

using View = std::string_view;

re2::StringPiece piece(View text) { return {text.data(), text.size()}; }

struct Pattern {
  std::unique_ptr<RE2> re2;  ///< Null: refused.
  std::string error;
};

Pattern make_pattern(View pattern, bool fold_case) {
  Pattern made;
  std::string translated;
  const char* reason = "";
  if (pattern.starts_with("***") || !translate_pattern(pattern, translated, reason)) {
    made.error = *reason ? reason : "directors (***) are not supported";
    return made;
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_case_sensitive(!fold_case);
  options.set_longest_match(!is_lazy(pattern));  // PostgreSQL, too, takes the longest.
  made.re2 = std::make_unique<RE2>(translated, options);
  if (!made.re2->ok()) {
    made.error = made.re2->error();
    made.re2 = nullptr;
  }
  return made;
}

/// Patterns compiled on this lane. A pattern is nearly always one constant of a program.
const Pattern& pattern_for(View pattern, bool fold_case) {
  constexpr size_t kHeld = 64;
  static thread_local std::unordered_map<std::string, Pattern> held;
  static thread_local std::string key;
  key.assign(1, fold_case ? 'i' : 'c');
  key += pattern;
  if (const auto found = held.find(key); found != held.end()) return found->second;
  if (held.size() >= kHeld) held.clear();
  return held.emplace(key, make_pattern(pattern, fold_case)).first->second;
}

/// The pattern of a row, looked up once where it is constant.
class PatternOf {
 public:
  PatternOf(const KernelCall& call, size_t at) : call_(call), at_(at) {}
  /// Null: the row has failed.
  const RE2* get(uint32_t row, bool fold_case) {
    const Column& column = *call_.args[at_];
    if (!column.constant || !pattern_ || fold_case != folded_) {
      pattern_ = &pattern_for(argument<View>(call_, at_, row), fold_case);
      folded_ = fold_case;
    }
    if (!pattern_->re2) {
      call_.fail(row, sqlstate::kInvalidRegex, "invalid regular expression: " + pattern_->error);
    }
    return pattern_->re2.get();
  }

 private:
  const KernelCall& call_;
  size_t at_;
  const Pattern* pattern_ = nullptr;
  bool folded_ = false;
};

template <bool kWanted, bool kFold>
void matches(const KernelCall& call) {
  uint8_t* out = cells_of<uint8_t>(call.out);
  PatternOf pattern(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    const RE2* re2 = pattern.get(row, kFold);
    const View text = argument<View>(call, 0, row);
    out[row] =
        re2 && re2->Match(piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0) == kWanted;
  });
}

/// `g`, `i` and `c`; false: another letter.
struct Flags {
  bool all = false, fold = false;
  static bool read(View text, Flags& out) {
    for (const char c : text) {
      if (c == 'g') {
        out.all = true;
      } else if (c == 'i' || c == 'c') {
        out.fold = c == 'i';
      } else {
        return false;
      }
    }
    return true;
  }
};

/// The flags of an argument, if it is there. False: the row has failed.
bool read_flags(const KernelCall& call, size_t at, uint32_t row, Flags& flags) {
  if (call.args.size() <= at || Flags::read(argument<View>(call, at, row), flags)) return true;
  call.fail(row, sqlstate::kInvalidParameter,
            quoted_message("invalid regular expression option: ", argument<View>(call, at, row)));
  return false;
}

constexpr int kGroupsMax = 10;

/// `\1` … `\9` and `\&` are what the groups and the whole matched.
void append_replacement(TextMaker& made, View replacement, const re2::StringPiece* groups) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const char next = c == '\\' && i + 1 < replacement.size() ? replacement[i + 1] : '\0';
    if (next == '&' || (next >= '1' && next <= '9')) {
      const re2::StringPiece& group = groups[next == '&' ? 0 : next - '0'];
      made.append({group.data(), group.size()});
      ++i;
    } else if (next == '\\') {
      made.append('\\');
      ++i;
    } else {
      made.append(c);
    }
  }
}

View replaced(const RE2& re2, View text, View replacement, bool all, ByteArena& arena) {
  TextMaker made(arena, text.size() + replacement.size());
  re2::StringPiece groups[kGroupsMax];
  const int count = std::min(kGroupsMax, re2.NumberOfCapturingGroups() + 1);
  size_t at = 0;
  while (at <= text.size() &&
         re2.Match(piece(text), at, text.size(), RE2::UNANCHORED, groups, count)) {
    const auto begin = static_cast<size_t>(groups[0].data() - text.data());
    made.append(text.substr(at, begin - at));
    append_replacement(made, replacement, groups);
    at = begin + groups[0].size();
    if (groups[0].empty()) {
      if (at == text.size()) return made.done();
      const View one = character_at(text, at);
      made.append(one);
      at += one.size();
    }
    if (!all) break;
  }
  if (at < text.size()) made.append(text.substr(at));
  return made.done();
}

void regexp_replace(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  PatternOf pattern(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    Flags flags;
    out[row] = {};
    if (!read_flags(call, 3, row, flags)) return;
    const RE2* re2 = pattern.get(row, flags.fold);
    if (re2)
      out[row] = replaced(*re2, argument<View>(call, 0, row), argument<View>(call, 2, row),
                          flags.all, call.out.bytes);
  });
}

/// What the first group matched, or the whole if there is no group; NULL: no match.
void first_match(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  PatternOf pattern(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    re2::StringPiece groups[2];
    const RE2* re2 = pattern.get(row, false);
    out[row] = {};
    if (!re2) return;
    const int count = re2->NumberOfCapturingGroups() > 0 ? 2 : 1;
    if (!re2->Match(piece(text), 0, text.size(), RE2::UNANCHORED, groups, count) ||
        !groups[count - 1].data()) {
      return call.out.set_cell(row, kNull, call.row_count);
    }
    out[row] = {groups[count - 1].data(), groups[count - 1].size()};
  });
}

/// What the whole pattern matched.
void whole_match(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  PatternOf pattern(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    re2::StringPiece whole;
    const RE2* re2 = pattern.get(row, false);
    out[row] = {};
    if (!re2) return;
    if (!re2->Match(piece(text), 0, text.size(), RE2::UNANCHORED, &whole, 1)) {
      return call.out.set_cell(row, kNull, call.row_count);
    }
    out[row] = {whole.data(), whole.size()};
  });
}

void count_matches(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  PatternOf pattern(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    const RE2* re2 = pattern.get(row, false);
    re2::StringPiece whole;
    int64_t count = 0;
    size_t at = 0;
    while (re2 && at <= text.size() &&
           re2->Match(piece(text), at, text.size(), RE2::UNANCHORED, &whole, 1)) {
      ++count;
      at = static_cast<size_t>(whole.data() - text.data()) + whole.size();
      if (whole.empty()) at += at < text.size() ? character_at(text, at).size() : 1;
    }
    out[row] = count;
  });
}

/// The flags of a function that has no use for `g`.
bool read_flags_of_one(const KernelCall& call, uint32_t row, const char* function, Flags& flags) {
  if (!read_flags(call, 2, row, flags)) return false;
  if (!flags.all) return true;
  call.fail(row, sqlstate::kInvalidParameter,
            std::string(function) + "() does not support the \"global\" option");
  return false;
}

/// What the groups of the first match matched, or all of it if there is no group; NULL: no match.
void match_groups(const KernelCall& call) {
  ArrayMaker made(call.out);
  PatternOf pattern(call, 1);
  Column part;
  std::vector<re2::StringPiece> groups;
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    Flags flags;
    call.out.texts[row] = {};
    if (!read_flags_of_one(call, row, "regexp_match", flags)) return;
    const RE2* re2 = pattern.get(row, flags.fold);
    if (!re2) return;
    const int count = re2->NumberOfCapturingGroups();
    groups.resize(static_cast<size_t>(count) + 1);
    if (!re2->Match(piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(), count + 1)) {
      return call.out.set_cell(row, kNull, call.row_count);
    }
    made.start();
    for (size_t i = count > 0 ? 1 : 0; i < groups.size(); ++i) {
      part.reset(Type::kText, 1);
      part.texts[0] = {groups[i].data(), groups[i].size()};
      if (!groups[i].data()) part.set_cell(0, kNull, 1);
      made.add(part, 0);
    }
    made.done(row);
  });
}

/// The parts between matches. An empty match at the start, at the end or right behind another one
/// splits nothing.
void split(const KernelCall& call) {
  ArrayMaker made(call.out);
  PatternOf pattern(call, 1);
  Column part;
  part.reset(Type::kText, 1);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    Flags flags;
    call.out.texts[row] = {};
    if (!read_flags_of_one(call, row, "regexp_split_to_array", flags)) return;
    const RE2* re2 = pattern.get(row, flags.fold);
    if (!re2) return;
    made.start();
    size_t from = 0, at = 0;
    re2::StringPiece whole;
    while (at <= text.size() &&
           re2->Match(piece(text), at, text.size(), RE2::UNANCHORED, &whole, 1)) {
      const auto begin = static_cast<size_t>(whole.data() - text.data());
      const size_t end = begin + whole.size();
      const bool splits = !whole.empty() || (begin > from && begin < text.size());
      if (splits) {
        part.texts[0] = text.substr(from, begin - from);
        made.add(part, 0);
        from = end;
      }
      at = !whole.empty()      ? end
           : end < text.size() ? end + character_at(text, end).size()
                               : end + 1;
    }
    part.texts[0] = text.substr(from);
    made.add(part, 0);
    made.done(row);
  });
}

constexpr Type kT = Type::kText, kTA = array_of(kT), kB = Type::kBool, kI4 = Type::kInt4;

constexpr std::array kEntries = {
    entry("~", {kT, kT}, kB, matches<true, false>,
          "Whether a part of the text matches the regular expression (RE2).",
          "'edit #42' ~ '#[0-9]+$'", "true"),
    entry("~*", {kT, kT}, kB, matches<true, true>, "The same, whatever the capitals.",
          "'EDIT' ~* '^ed'", "true"),
    entry("!~", {kT, kT}, kB, matches<false, false>, "Whether nothing matches.",
          "'edit' !~ '[0-9]'", "true"),
    entry("!~*", {kT, kT}, kB, matches<false, true>, "The same, whatever the capitals.",
          "'EDIT' !~* '^ed'", "false"),
    entry("regexp_like", {kT, kT}, kB, matches<true, false>, "As ~.",
          "regexp_like('edit #42', '\\d')", "true"),
    entry("regexp_replace", {kT, kT, kT}, kT, regexp_replace,
          "The first match becomes the third; \\1 … \\9 are groups, \\& is all.",
          "regexp_replace('a1b22', '[0-9]+', '<\\&>')", "a<1>b22"),
    entry("regexp_replace", {kT, kT, kT, kT}, kT, regexp_replace,
          "With flags: g all matches, i whatever the capitals.",
          "regexp_replace('a1b22', '[0-9]+', '#', 'g')", "a#b#"),
    entry("regexp_match", {kT, kT}, kTA, match_groups,
          "What the groups of the first match matched, or all of it; NULL: no match.",
          "regexp_match('key=value', '(.*)=(.*)')", "{key,value}"),
    entry("regexp_match", {kT, kT, kT}, kTA, match_groups, "With flags: i whatever the capitals.",
          "regexp_match('ABC', 'b', 'i')", "{B}"),
    entry("regexp_split_to_array", {kT, kT}, kTA, split, "The parts between matches.",
          "regexp_split_to_array('a1b22c', '[0-9]+')", "{a,b,c}"),
    entry("regexp_split_to_array", {kT, kT, kT}, kTA, split, "With flags: i whatever the capitals.",
          "regexp_split_to_array('aXbxc', 'x', 'i')", "{a,b,c}"),
    entry("regexp_substr", {kT, kT}, kT, whole_match, "What matched; NULL: nothing.",
          "regexp_substr('a1b22', '[0-9]{2}')", "22"),
    entry("regexp_count", {kT, kT}, kI4, count_matches, "How many matches.",
          "regexp_count('a1b22', '[0-9]')", "3"),
    entry("substring", {kT, kT}, kT, first_match,
          "What the first group matched, or all if there is none; NULL: nothing.",
          "substring('key=value' from '=(.*)')", "value"),
};

}  // namespace

std::span<const Function> pattern_functions() { return kEntries; }

}  // namespace millrace
