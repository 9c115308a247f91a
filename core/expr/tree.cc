// What is read from a parse tree, and how names are spelled in SQL.

#include <algorithm>
#include <cctype>

#include "expr/parse.h"
#include "json/write.h"

namespace millrace {
namespace {

/// Words that PostgreSQL reserves: as a bare field name they fail or mean something else. Each
/// between blanks.
constexpr std::string_view kReserved =
    " "
    "all analyse analyze and any array as asc asymmetric authorization binary both case "
    "cast check collate collation column concurrently constraint create cross "
    "current_catalog current_date current_role current_schema current_time "
    "current_timestamp current_user default deferrable desc distinct do else end except "
    "false fetch for foreign freeze from full grant group having ilike in initially inner "
    "intersect into is isnull join lateral leading left like limit localtime "
    "localtimestamp natural not notnull null offset on only or order outer overlaps "
    "placing primary references returning right select session_user similar some "
    "symmetric table tablesample then to trailing true union unique user using variadic "
    "verbose when where window with ";

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
  return kReserved.find(' ' + std::string(word) + ' ') != std::string_view::npos;
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

void walk_tree(const JsonValue& tree, const std::function<bool(const JsonValue&)>& visit) {
  std::vector<const JsonValue*> open = {&tree};
  while (!open.empty()) {
    const JsonValue& value = *open.back();
    open.pop_back();
    if (!visit(value)) continue;
    if (value.is_array()) {
      for (auto item = value.items().rbegin(); item != value.items().rend(); ++item) {
        open.push_back(&*item);
      }
    } else if (value.is_object()) {
      for (auto member = value.members().rbegin(); member != value.members().rend(); ++member) {
        open.push_back(&member->value);
      }
    }
  }
}

std::string field_path(const TreeNode& column) {
  std::string path;
  for (const JsonValue& part : column.list("fields")) {
    const JsonValue* name = part.at("/String/sval");
    if (!name) return "";
    if (!path.empty()) path += '.';
    path += name->as_string();
  }
  return path;
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
