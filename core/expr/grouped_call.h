#pragma once

/// One aggregate call of a grouped select, read off the parse tree. Private to this room.

#include <string>
#include <string_view>
#include <vector>

#include "expr/error.h"
#include "expr/parse.h"

namespace millrace {

/// A key of ORDER BY inside the call.
struct SortKey {
  const JsonValue* tree;
  bool descending, nulls_first;
};

struct GroupedCall {
  std::string name;
  const JsonValue* argument = nullptr;  ///< None: `count(*)`.
  const JsonValue* filter = nullptr;
  bool distinct = false;
  std::vector<SortKey> order;
  std::vector<const JsonValue*>
      extras;  ///< Constants: a percentile's share, string_agg's separator.
};

bool is_aggregate_call(const TreeNode& node);
/// The outermost aggregate calls of a tree, in the order of the text.
std::vector<const JsonValue*> aggregate_calls(const JsonValue& tree);

Compiled<GroupedCall> read_grouped_call(const ParsedExpression& expression, const JsonValue& tree);

/// An error at a place of an expression.
ExprError expression_fault(const ParsedExpression& expression, uint32_t place, std::string message,
                           std::string hint = "");

}  // namespace millrace
