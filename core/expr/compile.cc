#include "expr/compile.h"

#include <vector>

#include "expr/binder.h"

namespace millrace {
namespace {

Compiled<Program> compile(std::string_view text, const Schema& schema, std::optional<Type> wanted,
                          std::string_view where) {
  auto parsed = parse_expression(text);
  if (!parsed) return parsed.error();
  Scope scope;
  scope.schema = &schema;
  scope.where = where;
  return Binder(*parsed, scope).bind(wanted);
}

void inspect_node(const JsonValue& value, ExpressionUse& use) {
  const TreeNode node = tree_node(value);
  if (node.kind == "ColumnRef") {
    if (std::string path = field_path(node); !path.empty()) {
      use.fields.push_back({std::move(path), node.place()});
    }
  } else if (node.kind == "FuncCall") {
    const JsonValue* names = node.find("funcname");
    const std::string name(names ? last_name(*names) : "");
    use.aggregates = use.aggregates || is_aggregate_name(name);
    if (name == "first" || name == "last") use.fields.push_back({"event_time()", node.place()});
    const bool bare = node.list("args").empty() && !node.flag("agg_star");
    if (bare) use.fields.push_back({name + "()", node.place()});
  }
}

}  // namespace

Compiled<Program> compile_expression(std::string_view text, const Schema& schema) {
  return compile(text, schema, std::nullopt, "an expression per record");
}

Compiled<Program> compile_filter(std::string_view text, const Schema& schema) {
  return compile(text, schema, Type::kBool, "filter");
}

Compiled<ExpressionUse> inspect_expression(std::string_view text) {
  auto parsed = parse_expression(text);
  if (!parsed) return parsed.error();
  ExpressionUse use;
  walk_tree(parsed->tree, [&](const JsonValue& value) {
    if (value.is_object()) inspect_node(value, use);
    return true;
  });
  return use;
}

}  // namespace millrace
