#pragma once

/// Text to PostgreSQL's parse tree, as JSON. Only this file's .cc includes libpg_query.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "expr/error.h"
#include "json/value.h"

namespace millrace {

/// The tree of one expression. Nodes are objects with one member, whose key is the node's kind.
/// Every `location` is a byte offset in `text`; -1: unknown.
struct ParsedExpression {
  std::string text;
  JsonValue tree;
};

/// One expression, nothing around it: no alias, no FROM, no second statement.
Compiled<ParsedExpression> parse_expression(std::string_view text);

/// The member of a tree node that holds its fields, and its kind.
struct TreeNode {
  std::string_view kind;
  const JsonValue* fields;

  const JsonValue* find(std::string_view key) const { return fields->find(key); }
  /// Empty if absent.
  std::string_view text(std::string_view key) const;
  bool flag(std::string_view key) const;
  /// Byte offset in the text; 0 if unknown.
  uint32_t place() const;
  const JsonValue::Array& list(std::string_view key) const;
};
TreeNode tree_node(const JsonValue& node);

/// Visits the values of a tree in the order of the text, each before what is in it; false: nothing
/// of what is in it. Without recursion, as a tree may be deep.
void walk_tree(const JsonValue& tree, const std::function<bool(const JsonValue&)>& visit);

/// The dotted path of a ColumnRef; empty for `*` and for subscripts.
std::string field_path(const TreeNode& column);

/// The last part of a qualified name (`pg_catalog.lower` gives `lower`), from a list of Strings.
std::string_view last_name(const JsonValue& names);

/// The subtree without its locations, to compare expressions. Longer than `size_max`: empty, which
/// keeps the search for a short subtree in a long expression linear.
std::string canonical_tree(const JsonValue& node, size_t size_max = SIZE_MAX);

/// Whether PostgreSQL reserves the (lower-case) word, so that it is no field name as it stands.
bool is_reserved_word(std::string_view word);

/// `"name"` in double quotes if SQL would not read it as it stands.
std::string quoted_name(std::string_view path);

}  // namespace millrace
