// Regular expressions, by RE2: linear in the text whatever the pattern. PostgreSQL's spelling is
// brought to RE2's where they differ in writing only; what RE2 cannot do is refused.

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "expr/characters.h"
#include "expr/kernel.h"
#include "expr/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

re2::StringPiece piece(View text) { return {text.data(), text.size()}; }

/// PostgreSQL's escapes that RE2 spells otherwise. False: RE2 has nothing of the kind.
bool translate_escape(char c, std::string& out) {
  switch (c) {
    case 'y': out += "\\b"; return true;
    case 'Y': out += "\\B"; return true;
    case 'b': out += "\\x08"; return true;
    case 'B': out += "\\\\"; return true;
    case 'Z': out += "\\z"; return true;
    case 'm':
    case 'M': return false;
    default:
      if (c >= '1' && c <= '9') return false;  // A back reference.
      out += '\\';
      out += c;
      return true;
  }
}

/// RE2's spelling of a pattern; nothing and a reason if there is none.
bool translate_pattern(View pattern, std::string& out, const char*& reason) {
  bool bracket = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      if (!translate_escape(pattern[++i], out)) {
        reason = "back references, \\m and \\M are not possible in linear time";
        return false;
      }
      continue;
    }
    if (!bracket && c == '(' && pattern.substr(i, 3).find_first_of("=!<", 2) == 2 &&
        pattern[i + 1] == '?') {
      reason = "looking ahead or behind is not possible in linear time";
      return false;
    }
    if (!bracket && c == '[') {
      bracket = true;
      out += c;
      // A bracket that closes at once is a character of the set.
      if (pattern.substr(i + 1).starts_with('^')) out += pattern[++i];
      if (pattern.substr(i + 1).starts_with(']')) {
        out += "\\]";
        ++i;
      }
      continue;
    }
    if (bracket && c == '[' && !pattern.substr(i).starts_with("[:")) {
      out += "\\[";
      continue;
    }
    if (bracket && pattern.substr(i).starts_with("[:")) {
      const size_t end = pattern.find(":]", i);
      if (end != View::npos) {
        out += pattern.substr(i, end + 2 - i);
        i = end + 1;
        continue;
      }
    }
    if (bracket && c == ']') bracket = false;
    out += c;
  }
  return true;
}

struct Pattern {
  std::unique_ptr<RE2> re2;  ///< Null: refused.
  std::string error;
};

/// A lazy quantifier decides by order, not by length, how far a match goes.
bool is_lazy(View pattern) {
  for (const View lazy : {"*?", "+?", "??", "}?"}) {
    if (pattern.find(lazy) != View::npos) return true;
  }
  return false;
}

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
    if (call.args.size() > 3 && !Flags::read(argument<View>(call, 3, row), flags)) {
      return call.fail(
          row, sqlstate::kInvalidParameter,
          quoted_message("invalid regular expression option: ", argument<View>(call, 3, row)));
    }
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

/// SIMILAR TO's pattern as a regular expression of the whole text.
bool similar_regex(View pattern, char escape, TextMaker& made) {
  made.append("^(?:");
  bool bracket = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == escape) {
      if (++i == pattern.size()) return false;
      if (View("\\^$.|?*+()[]{}/-").find(pattern[i]) != View::npos) made.append('\\');
      made.append(pattern[i]);
    } else if (bracket) {
      if (c == '\\') made.append('\\');
      made.append(c);
      bracket = c != ']';
    } else if (c == '%') {
      made.append(".*");
    } else if (c == '_') {
      made.append('.');
    } else if (c == '(') {
      made.append("(?:");
    } else {
      if (View("\\.^$").find(c) != View::npos) made.append('\\');
      made.append(c);
      bracket = c == '[';
    }
  }
  made.append(")$");
  return true;
}

void similar_to_escape(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View escape = call.args.size() > 1 ? argument<View>(call, 1, row) : View("\\");
    out[row] = {};
    if (escape.size() > 1) return call.fail(row, sqlstate::kInvalidEscape, "invalid escape string");
    TextMaker made(call.out.bytes);
    const char mark = escape.empty() ? '\0' : escape[0];
    if (!similar_regex(argument<View>(call, 0, row), mark, made)) {
      call.fail(row, sqlstate::kInvalidEscape, "the pattern ends with its escape character");
    }
    out[row] = made.done();
  });
}

constexpr Type kT = Type::kText, kB = Type::kBool, kI4 = Type::kInt4;

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
    entry("regexp_substr", {kT, kT}, kT, whole_match, "What matched; NULL: nothing.",
          "regexp_substr('a1b22', '[0-9]{2}')", "22"),
    entry("regexp_count", {kT, kT}, kI4, count_matches, "How many matches.",
          "regexp_count('a1b22', '[0-9]')", "3"),
    entry("substring", {kT, kT}, kT, first_match,
          "What the first group matched, or all if there is none; NULL: nothing.",
          "substring('key=value' from '=(.*)')", "value"),
    entry("similar_to_escape", {kT}, kT, similar_to_escape,
          "The regular expression of SIMILAR TO's pattern.", "'abc' similar to '(a|x)b%'", "true"),
    entry("similar_to_escape", {kT, kT}, kT, similar_to_escape,
          "The same with another escape than the backslash.", "'a%' similar to 'a#%' escape '#'",
          "true"),
};

}  // namespace

std::span<const Function> pattern_functions() { return kEntries; }

}  // namespace millrace
