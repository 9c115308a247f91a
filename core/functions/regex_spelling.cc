#include "functions/regex_spelling.h"

#include <array>

#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

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

constexpr Type kT = Type::kText;

constexpr std::array kEntries = {
    entry("similar_to_escape", {kT}, kT, similar_to_escape,
          "The regular expression of SIMILAR TO's pattern.", "'abc' similar to '(a|x)b%'", "true"),
    entry("similar_to_escape", {kT, kT}, kT, similar_to_escape,
          "The same with another escape than the backslash.", "'a%' similar to 'a#%' escape '#'",
          "true"),
};

}  // namespace

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

bool is_lazy(View pattern) {
  for (const View lazy : {"*?", "+?", "??", "}?"}) {
    if (pattern.find(lazy) != View::npos) return true;
  }
  return false;
}

std::span<const Function> similar_functions() { return kEntries; }

}  // namespace millrace
