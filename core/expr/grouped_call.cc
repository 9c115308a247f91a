#include "expr/grouped_call.h"

#include <algorithm>
#include <optional>

#include "aggregates/aggregate.h"

namespace millrace {
namespace {

/// How many arguments a name takes besides its first, and whether that one stands in WITHIN GROUP.
struct Shape {
  size_t extras = 0;
  bool within_group = false;
};

Shape shape_of(std::string_view name) {
  Shape shape;
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name != name) continue;
    shape.within_group = function.within_group;
    shape.extras = function.finish.empty() ? 0 : 1;
  }
  return shape;
}

/// ORDER BY's keys. Nothing: one goes by an operator (USING).
std::optional<std::vector<SortKey>> sort_keys(const JsonValue::Array& order) {
  std::vector<SortKey> keys;
  for (const JsonValue& tree : order) {
    const TreeNode key = tree_node(tree);
    const std::string_view direction = key.text("sortby_dir"), nulls = key.text("sortby_nulls");
    if (direction == "SORTBY_USING" || !key.find("node")) return std::nullopt;
    const bool descending = direction == "SORTBY_DESC";
    const bool first = nulls == "SORTBY_NULLS_FIRST";
    keys.push_back(
        {key.find("node"), descending, first || (descending && nulls != "SORTBY_NULLS_LAST")});
  }
  return keys;
}

}  // namespace

ExprError expression_fault(const ParsedExpression& expression, uint32_t place, std::string message,
                           std::string hint) {
  ExprError error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  error.position = place;
  error.text = expression.text;
  return error;
}

bool is_aggregate_call(const TreeNode& node) {
  const JsonValue* names = node.find("funcname");
  return node.kind == "FuncCall" && names && is_aggregate_name(last_name(*names));
}

std::vector<const JsonValue*> aggregate_calls(const JsonValue& tree) {
  std::vector<const JsonValue*> found;
  walk_tree(tree, [&](const JsonValue& value) {
    const bool call = value.is_object() && is_aggregate_call(tree_node(value));
    if (call) found.push_back(&value);
    return !call;
  });
  return found;
}

Compiled<GroupedCall> read_grouped_call(const ParsedExpression& expression, const JsonValue& tree) {
  const TreeNode node = tree_node(tree);
  GroupedCall call;
  call.name = last_name(*node.find("funcname"));
  call.filter = node.find("agg_filter");
  call.distinct = node.flag("agg_distinct");
  const auto refuse = [&](std::string message) {
    return expression_fault(expression, node.place(), std::move(message));
  };
  if (node.find("over")) return refuse("window functions (OVER) are not supported");
  const Shape shape = shape_of(call.name);
  const JsonValue::Array& args = node.list("args");
  const JsonValue::Array& order = node.list("agg_order");
  if (node.flag("agg_within_group") != shape.within_group) {
    return refuse(call.name + (shape.within_group ? "() needs WITHIN GROUP (ORDER BY …)"
                                                  : "() has no WITHIN GROUP"));
  }
  std::vector<const JsonValue*> given;
  if (shape.within_group) {
    const TreeNode key = tree_node(order.front());
    if (order.size() != 1 || key.text("sortby_dir") == "SORTBY_DESC") {
      return refuse("WITHIN GROUP takes one key in rising order");
    }
    given.push_back(key.find("node"));
  } else if (auto keys = sort_keys(order); keys) {
    call.order = std::move(*keys);
  } else {
    return refuse("ORDER BY in an aggregate has no USING here; write asc or desc");
  }
  for (const JsonValue& arg : args) given.push_back(&arg);
  if (call.name == "mode" && args.empty() && !given.empty()) {
    call.argument = given[0];
    return call;
  }
  const size_t wanted = 1 + shape.extras;
  if (given.size() != wanted && !(given.empty() && node.flag("agg_star"))) {
    return refuse(call.name + "() takes " + (wanted == 1 ? "one argument" : "two arguments"));
  }
  if (given.empty()) return call;
  call.argument = given[0];
  call.extras.assign(given.begin() + 1, given.end());
  return call;
}

}  // namespace millrace
