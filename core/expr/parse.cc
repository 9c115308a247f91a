#include "expr/parse.h"

extern "C" {
#include <pg_query.h>
}

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <vector>

#include "json/document.h"
#include "json/utf8.h"
#include "json/write.h"

namespace millrace {
namespace {

constexpr std::string_view kSelect = "SELECT ";
constexpr size_t kTextMax = 16 * 1024;  // Beyond 50 000 terms libpg_query crashes.
constexpr uint32_t kTreeDepthMax = 4096;

ExprError fault(std::string_view text, size_t position, std::string message,
                std::string hint = "") {
  ExprError error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  error.position = static_cast<uint32_t>(position);
  error.text = text;
  return error;
}

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

std::string lower_ascii(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// cursorpos counts characters from 1 in "SELECT " + text; we want bytes from 0 in text.
size_t byte_offset(std::string_view text, int cursorpos) {
  const auto characters =
      static_cast<int64_t>(cursorpos) - 1 - static_cast<int64_t>(kSelect.size());
  size_t offset = 0;
  for (int64_t seen = 0; offset < text.size(); ++offset) {
    if ((static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) continue;
    if (seen++ >= characters) break;
  }
  return offset;
}

/// The word at `offset`, or the one before it: `group` fails at the word or behind it.
std::string word_near(std::string_view text, size_t offset) {
  size_t begin = std::min(offset, text.size());
  if (begin == text.size() || !is_word(text[begin])) {
    while (begin > 0 && !is_word(text[begin - 1])) --begin;
    while (begin > 0 && is_word(text[begin - 1])) --begin;
  }
  size_t end = begin;
  while (end < text.size() && is_word(text[end])) ++end;
  return lower_ascii(text.substr(begin, end - begin));
}

std::string reserved_hint(std::string_view word) {
  return "a field of that name is written \"" + std::string(word) + "\", quotes included";
}

/// The largest count of bytes up to `most` that does not cut a character.
size_t utf8_prefix(std::string_view text, size_t most) {
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return most;
}

/// Nested comments cost PostgreSQL's scanner quadratic time: 370 ms for 16 KiB of them.
bool has_many_comments(std::string_view text) {
  constexpr int kCommentsMax = 100;
  int found = 0;
  for (size_t at = text.find("/*"); at != std::string_view::npos; at = text.find("/*", at + 2)) {
    if (++found > kCommentsMax) return true;
  }
  return false;
}

ExprError syntax_error(std::string_view text, const PgQueryError& error) {
  constexpr size_t kMessageMax = 120;  // PostgreSQL repeats the rest of an open comment.
  std::string message = error.message ? error.message : "syntax error";
  if (message.starts_with("memory exhausted")) message = "nested too deeply";
  if (message.size() > kMessageMax) message = message.substr(0, utf8_prefix(message, kMessageMax));
  const size_t offset = error.cursorpos > 0 ? byte_offset(text, error.cursorpos) : 0;
  const std::string word = word_near(text, offset);
  return fault(text, offset, std::move(message), is_reserved_word(word) ? reserved_hint(word) : "");
}

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Offset behind blanks, comments, signs and open brackets: where a constant's digits begin.
size_t skip_to_digits(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text.substr(at, 2) == "--") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      int depth = 0;  // PostgreSQL's comments nest.
      do {
        if (text.substr(at, 2) == "/*") {
          ++depth, at += 2;
        } else if (text.substr(at, 2) == "*/") {
          --depth, at += 2;
        } else {
          ++at;
        }
      } while (depth > 0 && at < text.size());
    } else if (is_blank(text[at]) || text[at] == '-' || text[at] == '(') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

/// libpg_query omits an integer that is not positive (`-5` comes as {}), so read it at its place.
int64_t integer_at(std::string_view text, int64_t location) {
  int64_t value = 0;
  size_t at = location < 0 ? text.size() : skip_to_digits(text, static_cast<size_t>(location));
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) {
    value = value * 10 + (text[at++] - '0');
    if (value > INT32_MAX) break;  // The grammar makes larger ones `fval`.
  }
  return -value;
}

/// The parts of a dotted name as written at `at`, unquoted, folded and not cut at 63 bytes.
std::vector<std::string> names_at(std::string_view text, size_t at) {
  std::vector<std::string> names;
  while (at < text.size()) {
    while (at < text.size() && is_blank(text[at])) ++at;
    std::string name;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"' && text.substr(at, 2) != "\"\"") break;
        if (text[at] == '"') ++at;
        name += text[at];
      }
      ++at;
    } else {
      const size_t begin = at;
      while (at < text.size() && is_word(text[at])) ++at;
      name = lower_ascii(text.substr(begin, at - begin));
    }
    names.push_back(std::move(name));
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at >= text.size() || text[at] != '.') break;
    ++at;
  }
  return names;
}

/// Identifiers are cut at 63 bytes; a longer field name is read from the text again.
void restore_long_names(JsonValue& fields, std::string_view text, int64_t location) {
  constexpr size_t kCut = 63;
  bool cut = false;
  for (const JsonValue& item : fields.items()) {
    const JsonValue* name = item.at("/String/sval");
    // A cut never splits a character, so a cut name may be up to three bytes shorter.
    cut = cut || (name && name->as_string().size() + 3 >= kCut);
  }
  if (!cut || location < 0) return;
  const auto names = names_at(text, static_cast<size_t>(location));
  if (names.size() != fields.items().size()) return;
  for (size_t i = 0; i < names.size(); ++i) {
    if (JsonValue* name = fields.items()[i].at("/String/sval")) *name = JsonValue::string(names[i]);
  }
}

/// Locations become offsets in the text, and what the JSON form loses is put back.
void repair(JsonValue& root, std::string_view text) {
  std::vector<JsonValue*> open = {&root};
  while (!open.empty()) {
    JsonValue& node = *open.back();
    open.pop_back();
    if (node.is_array()) {
      for (JsonValue& item : node.items()) open.push_back(&item);
    }
    if (!node.is_object()) continue;
    int64_t location = -1;
    if (JsonValue* found = node.find("location"); found && found->is_int()) {
      location = found->as_int() < 0 ? -1 : found->as_int() - static_cast<int64_t>(kSelect.size());
      *found = JsonValue::integer(location);
    }
    if (JsonValue* integer = node.find("ival"); integer && integer->is_object()) {
      if (!integer->find("ival")) {
        integer->set("ival", JsonValue::integer(integer_at(text, location)));
      }
    }
    if (JsonValue* fields = node.find("fields"); fields && fields->is_array()) {
      restore_long_names(*fields, text, location);
    }
    for (JsonValue::Member& member : node.members()) open.push_back(&member.value);
  }
}

/// What a SELECT has beyond its targets, in the user's words.
const char* clause_of(const JsonValue& select) {
  constexpr std::array<std::pair<const char*, const char*>, 12> kClauses = {{
      {"distinctClause", "DISTINCT"},
      {"intoClause", "INTO"},
      {"fromClause", "FROM"},
      {"whereClause", "WHERE"},
      {"groupClause", "GROUP BY"},
      {"havingClause", "HAVING"},
      {"windowClause", "WINDOW"},
      {"sortClause", "ORDER BY"},
      {"limitCount", "LIMIT"},
      {"limitOffset", "OFFSET"},
      {"lockingClause", "FOR"},
      {"larg", "UNION"},
  }};
  for (const auto& [key, name] : kClauses) {
    if (select.find(key)) return name;
  }
  return nullptr;
}

/// Checks that the tree is one bare expression and returns it.
Compiled<ParsedExpression> single_target(std::string_view text, JsonValue root) {
  JsonValue* statements = root.find("stmts");
  if (!statements || statements->items().empty()) return fault(text, 0, "empty expression");
  if (statements->items().size() != 1) {
    return fault(text, std::min(text.find(';'), text.size()), "one expression is expected");
  }
  JsonValue* select = statements->items()[0].at("/stmt/SelectStmt");
  if (!select) return fault(text, 0, "an expression is expected");
  if (const char* clause = clause_of(*select)) {
    return fault(text, 0, std::string("an expression is expected, not a query with ") + clause);
  }
  JsonValue* targets = select->find("targetList");
  if (!targets || targets->items().empty()) return fault(text, 0, "empty expression");
  if (targets->items().size() != 1) {
    const JsonValue* second = targets->items()[1].at("/ResTarget/location");
    const int64_t place = second && second->is_int() ? second->as_int() : 0;
    return fault(text, static_cast<size_t>(std::max<int64_t>(place, 0)),
                 "one expression is expected, this is a list");
  }
  JsonValue* target = targets->items()[0].find("ResTarget");
  JsonValue* value = target ? target->find("val") : nullptr;
  if (!value) return fault(text, 0, "an expression is expected");
  if (const JsonValue* name = target->find("name"); name && name->is_string()) {
    return fault(
        text,
        text.rfind(name->as_string()) == std::string_view::npos ? 0 : text.rfind(name->as_string()),
        "an expression takes no alias here", "the name stands in the configuration");
  }
  return ParsedExpression{std::string(text), std::move(*value)};
}

}  // namespace

Compiled<ParsedExpression> parse_expression(std::string_view text) {
  if (text.size() > kTextMax) return fault(text.substr(0, 80), 0, "longer than 16 KiB");
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fault(text.substr(0, nul), nul, "a NUL byte");
  }
  if (const size_t bad = first_invalid_utf8(text); bad != text.size()) {
    return fault(text.substr(0, bad), bad, "invalid UTF-8");
  }
  if (has_many_comments(text)) return fault(text, 0, "more than 100 comments");
  std::string statement(kSelect);
  statement += text;
  const PgQueryParseResult parsed = pg_query_parse(statement.c_str());
  if (parsed.error) {
    ExprError error = syntax_error(text, *parsed.error);
    pg_query_free_parse_result(parsed);
    return error;
  }
  JsonReadOptions options;
  options.depth_max = kTreeDepthMax;
  auto document = parse_json(parsed.parse_tree, "", options);
  pg_query_free_parse_result(parsed);
  if (!document) return fault(text, 0, "nested too deeply");
  repair(document->root, text);
  return single_target(text, std::move(document->root));
}

}  // namespace millrace
