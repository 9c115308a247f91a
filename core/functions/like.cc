// LIKE and ILIKE. A constant pattern is looked at once per batch: most are a fixed text with a %
// at one or both ends, and need no matcher.

#include <array>
#include <cstring>
#include <string>

#include "functions/kernel.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr Fault kTrailingEscape = {sqlstate::kInvalidEscape,
                                   "LIKE pattern must not end with escape character"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

template <bool kFold>
bool same(char a, char b) {
  return kFold ? lower(a) == lower(b) : a == b;
}

size_t character_bytes(View text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

enum class Match : uint8_t { kNo, kYes, kBadPattern };

/// One pattern step at `p` against `t`; both move on. False: they differ.
template <bool kFold>
bool step(View text, size_t& t, View pattern, size_t& p) {
  if (pattern[p] == '_') {
    t += character_bytes(text, t);
    ++p;
    return true;
  }
  const size_t literal = pattern[p] == '\\' ? p + 1 : p;
  if (literal >= pattern.size() || !same<kFold>(text[t], pattern[literal])) return false;
  ++t;
  p = literal + 1;
  return true;
}

/// Greedy with one way back, to the last %: linear in practice, never exponential.
template <bool kFold>
Match like(View text, View pattern) {
  size_t t = 0, p = 0, retry_t = 0, retry_p = View::npos;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      retry_p = ++p;
      retry_t = t;
      if (p == pattern.size()) return Match::kYes;
      continue;
    }
    // PostgreSQL complains only when matching reaches the lone escape.
    if (p + 1 == pattern.size() && pattern[p] == '\\') return Match::kBadPattern;
    if (p < pattern.size() && step<kFold>(text, t, pattern, p)) continue;
    if (retry_p == View::npos) return Match::kNo;
    retry_t += character_bytes(text, retry_t);
    t = retry_t;
    p = retry_p;
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size() ? Match::kYes : Match::kNo;
}

/// `%core%`, `core%`, `%core` or `core`, where core has no wildcard.
struct Simple {
  View core;
  bool open_front, open_back;
};

bool simple_pattern(View pattern, Simple& simple) {
  simple.open_front = pattern.starts_with('%');
  if (simple.open_front) pattern.remove_prefix(1);
  simple.open_back = pattern.ends_with('%');
  if (simple.open_back) pattern.remove_suffix(1);
  simple.core = pattern;
  return pattern.find_first_of("%_\\") == View::npos;
}

bool matches(View text, const Simple& simple) {
  if (simple.open_front && simple.open_back) return text.find(simple.core) != View::npos;
  if (simple.open_back) return text.starts_with(simple.core);
  if (simple.open_front) return text.ends_with(simple.core);
  return text == simple.core;
}

template <bool kFold, bool kWanted>
void like_kernel(const KernelCall& call) {
  const Column& text = *call.args[0];
  const Column& pattern = *call.args[1];
  uint8_t* out = cells_of<uint8_t>(call.out);
  Simple simple;
  if (!kFold && pattern.constant && !text.constant && simple_pattern(pattern.texts[0], simple)) {
    const View* texts = text.texts.data();
    each_row(call.rows, [&](uint32_t row) { out[row] = matches(texts[row], simple) == kWanted; });
    return;
  }
  each_row(call.rows, [&](uint32_t row) {
    const Match match =
        like<kFold>(text.texts[text.constant ? 0 : row], pattern.texts[pattern.constant ? 0 : row]);
    if (match == Match::kBadPattern) {
      call.fail(row, kTrailingEscape.sqlstate, kTrailingEscape.text);
    }
    out[row] = (match == Match::kYes) == kWanted;
  });
}

/// Rewrites a pattern with another escape character into one with a backslash.
void like_escape(const KernelCall& call) {
  Column& out = call.out;
  const Column& patterns = *call.args[0];
  const Column& escapes = *call.args[1];
  std::string made;
  each_row(call.rows, [&](uint32_t row) {
    const View pattern = patterns.texts[patterns.constant ? 0 : row];
    const View escape = escapes.texts[escapes.constant ? 0 : row];
    out.texts[row] = View();
    if (!escape.empty() && character_bytes(escape, 0) != escape.size()) {
      call.fail(row, sqlstate::kInvalidEscape, "invalid escape string");
      return;
    }
    made.clear();
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!escape.empty() && pattern.substr(i).starts_with(escape)) {
        // The escaped character keeps its backslash even if it needs none.
        made += '\\';
        i += escape.size();
        if (i < pattern.size()) made += pattern[i];
        continue;
      }
      if (pattern[i] == '\\') made += '\\';
      made += pattern[i];
    }
    out.texts[row] = out.bytes.store(made);
  });
}

constexpr Type kT = Type::kText, kB = Type::kBool;

constexpr std::array kEntries = {
    entry("~~", {kT, kT}, kB, like_kernel<false, true>, "LIKE: % is any text, _ one character.",
          "'edit' like 'e%t'", "true"),
    entry("!~~", {kT, kT}, kB, like_kernel<false, false>, "NOT LIKE.", "'edit' not like '_dit'",
          "false"),
    entry("~~*", {kT, kT}, kB, like_kernel<true, true>, "ILIKE: LIKE without case (ASCII only).",
          "'Edit' ilike 'eD%'", "true"),
    entry("!~~*", {kT, kT}, kB, like_kernel<true, false>, "NOT ILIKE.", "'Edit' not ilike 'x%'",
          "true"),
    entry("like_escape", {kT, kT}, kT, like_escape, "The pattern of LIKE … ESCAPE ….",
          "'10%' like '10!%' escape '!'", "true"),
};

}  // namespace

std::span<const Function> like_functions() { return kEntries; }

}  // namespace millrace
