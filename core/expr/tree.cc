// What is read from a parse tree, and how names are spelled in SQL.

#include <algorithm>
#include <array>
#include <cctype>

#include "expr/parse.h"
#include "json/write.h"

namespace millrace {
namespace {

/// Words that PostgreSQL reserves: as a bare field name they fail or mean something else.
constexpr std::array<std::string_view, 78> kReserved = {"all",          "analyse",
                                                        "analyze",      "and",
                                                        "any",          "array",
                                                        "as",           "asc",
                                                        "asymmetric",   "both",
                                                        "case",         "cast",
                                                        "check",        "collate",
                                                        "column",       "constraint",
                                                        "create",       "current_catalog",
                                                        "current_date", "current_role",
                                                        "current_time", "current_timestamp",
                                                        "current_user", "default",
                                                        "deferrable",   "desc",
                                                        "distinct",     "do",
                                                        "else",         "end",
                                                        "except",       "false",
                                                        "fetch",        "for",
                                                        "foreign",      "from",
                                                        "grant",        "group",
                                                        "having",       "in",
                                                        "initially",    "intersect",
                                                        "into",         "lateral",
                                                        "leading",      "limit",
                                                        "localtime",    "localtimestamp",
                                                        "not",          "null",
                                                        "offset",       "on",
                                                        "only",         "or",
                                                        "order",        "placing",
                                                        "primary",      "references",
                                                        "returning",    "select",
                                                        "session_user", "some",
                                                        "symmetric",    "table",
                                                        "then",         "to",
                                                        "trailing",     "true",
                                                        "union",        "unique",
                                                        "user",         "using",
                                                        "variadic",     "when",
                                                        "where",        "window",
                                                        "with",         "left"};

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

bool needs_quotes(std::string_view name) {
  if (name.empty() || is_reserved_word(name)) return true;
  if (std::isdigit(static_cast<unsigned char>(name[0])) || name[0] == '$') return true;
  return std::any_of(name.begin(), name.end(),
                     [](char c) { return !(is_word(c) && !(c >= 'A' && c <= 'Z')); });
}

void append_canonical(std::string& out, const JsonValue& node, size_t size_max) {
  if (out.size() > size_max) return;
  if (node.is_array()) {
    out += '[';
    for (const JsonValue& item : node.items()) append_canonical(out, item, size_max);
    out += ']';
  } else if (node.is_object()) {
    out += '{';
    for (const JsonValue::Member& member : node.members()) {
      if (member.key == "location") continue;
      append_json_string(out, member.key);
      append_canonical(out, member.value, size_max);
    }
    out += '}';
  } else {
    append_json(out, node);
  }
}

}  // namespace

bool is_reserved_word(std::string_view word) {
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

std::string_view TreeNode::text(std::string_view key) const {
  const JsonValue* found = find(key);
  return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

bool TreeNode::flag(std::string_view key) const {
  const JsonValue* found = find(key);
  return found && found->is_bool() && found->as_bool();
}

uint32_t TreeNode::place() const {
  const JsonValue* found = find("location");
  return found && found->is_int() && found->as_int() > 0 ? static_cast<uint32_t>(found->as_int())
                                                         : 0;
}

const JsonValue::Array& TreeNode::list(std::string_view key) const {
  static const JsonValue::Array kNone;
  const JsonValue* found = find(key);
  return found && found->is_array() ? found->items() : kNone;
}

TreeNode tree_node(const JsonValue& node) {
  static const JsonValue kEmpty = JsonValue::object();
  if (!node.is_object() || node.members().empty()) return {"", &kEmpty};
  const JsonValue::Member& member = node.members()[0];
  return {member.key, &member.value};
}

std::string_view last_name(const JsonValue& names) {
  if (!names.is_array() || names.items().empty()) return "";
  const JsonValue* name = names.items().back().at("/String/sval");
  return name && name->is_string() ? std::string_view(name->as_string()) : std::string_view();
}

std::string canonical_tree(const JsonValue& node, size_t size_max) {
  std::string out;
  append_canonical(out, node, size_max);
  if (out.size() > size_max) out.clear();
  return out;
}

std::string quoted_name(std::string_view path) {
  std::string out;
  while (true) {
    const size_t dot = std::min(path.find('.'), path.size());
    const std::string_view part = path.substr(0, dot);
    if (needs_quotes(part)) {
      out += '"';
      for (const char c : part) out += c == '"' ? std::string("\"\"") : std::string(1, c);
      out += '"';
    } else {
      out += part;
    }
    if (dot == path.size()) return out;
    out += '.';
    path.remove_prefix(dot + 1);
  }
}

}  // namespace millrace
