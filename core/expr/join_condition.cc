#include "expr/join_condition.h"

#include "expr/binder.h"

namespace millrace {
namespace {

enum Sides : unsigned { kNeither = 0, kLeft = 1, kRight = 2, kUnclear = 4 };

class JoinSplitter {
 public:
  JoinSplitter(ParsedExpression parsed, const JoinSide& left, const JoinSide& right,
               const Schema& joined)
      : parsed_(std::move(parsed)), left_(left), right_(right), joined_(joined) {}

  Compiled<JoinCondition> split();

 private:
  void flatten(const JsonValue& tree);
  bool take_key(const JsonValue& conjunct);
  std::optional<std::pair<Sides, std::string>> locate(const std::string& path) const;
  unsigned sides_of(const JsonValue& tree) const;
  JsonValue rewritten(const JsonValue& tree) const;
  std::optional<Program> bind(const JsonValue& tree, const Schema& schema,
                              std::optional<Type> wanted);
  bool bind_key(const JsonValue& left, const JsonValue& right);

  ParsedExpression parsed_;
  const JoinSide& left_;
  const JoinSide& right_;
  const Schema& joined_;
  std::vector<const JsonValue*> conjuncts_;
  JoinCondition out_;
  ExprError error_;
  bool failed_ = false;
};

JsonValue node_of(std::string_view kind, JsonValue fields) {
  JsonValue node = JsonValue::object();
  node.set(kind, std::move(fields));
  return node;
}

JsonValue string_list(std::string text) {
  JsonValue value = JsonValue::object();
  value.set("sval", JsonValue::string(std::move(text)));
  JsonValue list = JsonValue::array();
  list.push_back(node_of("String", std::move(value)));
  return list;
}

JsonValue cast_to(JsonValue tree, Type type) {
  JsonValue name = JsonValue::object();
  name.set("names", string_list(std::string(type_name(type))));
  JsonValue cast = JsonValue::object();
  cast.set("arg", std::move(tree));
  cast.set("typeName", std::move(name));
  return node_of("TypeCast", std::move(cast));
}

/// Which side a written path means, and its path there. Nothing: neither, or both.
std::optional<std::pair<Sides, std::string>> JoinSplitter::locate(const std::string& path) const {
  const auto qualified = [&](const JoinSide& side) -> std::optional<std::string> {
    const std::string prefix = std::string(side.name) + ".";
    if (!path.starts_with(prefix)) return std::nullopt;
    std::string inner = path.substr(prefix.size());
    if (!side.schema->find(inner)) return std::nullopt;
    return inner;
  };
  if (auto inner = qualified(left_)) return std::pair{kLeft, *inner};
  if (auto inner = qualified(right_)) return std::pair{kRight, *inner};
  const bool left = left_.schema->find(path).has_value(),
             right = right_.schema->find(path).has_value();
  if (left == right) return std::nullopt;
  return std::pair{left ? kLeft : kRight, path};
}

unsigned JoinSplitter::sides_of(const JsonValue& tree) const {
  unsigned sides = kNeither;
  if (tree.is_array()) {
    for (const JsonValue& item : tree.items()) sides |= sides_of(item);
  } else if (tree.is_object()) {
    const TreeNode node = tree_node(tree);
    if (node.kind == "ColumnRef") {
      const auto field = locate(field_path(node));
      return field ? field->first : kUnclear;
    }
    // event_time() and its kin are those of the joined row.
    if (node.kind == "FuncCall" && node.list("args").empty()) return kUnclear;
    for (const JsonValue::Member& member : tree.members()) sides |= sides_of(member.value);
  }
  return sides;
}

/// With the paths that the side itself knows.
JsonValue JoinSplitter::rewritten(const JsonValue& tree) const {
  if (tree.is_array()) {
    JsonValue list = JsonValue::array();
    for (const JsonValue& item : tree.items()) list.push_back(rewritten(item));
    return list;
  }
  if (!tree.is_object()) return tree;
  JsonValue out = JsonValue::object();
  const TreeNode node = tree_node(tree);
  if (node.kind == "ColumnRef") {
    JsonValue fields = *node.fields;
    fields.set("fields", string_list(locate(field_path(node))->second));
    out.set(node.kind, std::move(fields));
    return out;
  }
  for (const JsonValue::Member& member : tree.members())
    out.set(member.key, rewritten(member.value));
  return out;
}

std::optional<Program> JoinSplitter::bind(const JsonValue& tree, const Schema& schema,
                                          std::optional<Type> wanted) {
  Scope scope;
  scope.schema = &schema;
  scope.where = "on";
  const ParsedExpression part{parsed_.text, tree};
  auto bound = Binder(part, scope).bind(wanted);
  if (bound) return std::move(*bound);
  if (!failed_) error_ = bound.error();
  failed_ = true;
  return std::nullopt;
}

void JoinSplitter::flatten(const JsonValue& tree) {
  const TreeNode node = tree_node(tree);
  if (node.kind != "BoolExpr" || node.text("boolop") != "AND_EXPR")
    return conjuncts_.push_back(&tree);
  for (const JsonValue& argument : node.list("args")) flatten(argument);
}

bool JoinSplitter::bind_key(const JsonValue& left, const JsonValue& right) {
  JsonValue left_tree = rewritten(left), right_tree = rewritten(right);
  auto a = bind(left_tree, *left_.schema, std::nullopt);
  auto b = bind(right_tree, *right_.schema, std::nullopt);
  if (!a || !b) return false;
  const ArgType types[] = {{a->type(), false}, {b->type(), false}};
  const auto common = common_type(types);
  if (!common) return false;  // The whole binds or fails over the joined row, with its own words.
  // Keys are compared by their bytes, so both sides are made one type; int4 and int8 look the same.
  const bool floats = *common == Type::kFloat8;
  if (floats && a->type() != *common)
    a = bind(cast_to(left_tree, *common), *left_.schema, std::nullopt);
  if (floats && b->type() != *common)
    b = bind(cast_to(right_tree, *common), *right_.schema, std::nullopt);
  if (!a || !b) return false;
  out_.left.push_back(std::move(*a));
  out_.right.push_back(std::move(*b));
  return true;
}

bool JoinSplitter::take_key(const JsonValue& conjunct) {
  const TreeNode node = tree_node(conjunct);
  if (node.kind != "A_Expr" || node.text("kind") != "AEXPR_OP") return false;
  const JsonValue* name = node.find("name");
  const JsonValue* left = node.find("lexpr");
  const JsonValue* right = node.find("rexpr");
  if (!name || !left || !right || last_name(*name) != "=") return false;
  const unsigned a = sides_of(*left), b = sides_of(*right);
  if (a == kLeft && b == kRight) return bind_key(*left, *right);
  if (a == kRight && b == kLeft) return bind_key(*right, *left);
  return false;
}

Compiled<JoinCondition> JoinSplitter::split() {
  // First as a whole: its faults are told in terms of what was written.
  if (!bind(parsed_.tree, joined_, Type::kBool)) return error_;
  flatten(parsed_.tree);
  JsonValue rest = JsonValue::array();
  for (const JsonValue* conjunct : conjuncts_) {
    if (!take_key(*conjunct)) rest.push_back(*conjunct);
    if (failed_) return error_;
  }
  if (out_.left.empty()) {
    ExprError error;
    error.message = "a join needs at least one equality between a field of " +
                    std::string(left_.name) + " and one of " + std::string(right_.name);
    error.hint =
        "for example " + std::string(left_.name) + ".id = " + std::string(right_.name) + ".id";
    error.text = parsed_.text;
    return error;
  }
  if (rest.items().empty()) return std::move(out_);
  JsonValue all = JsonValue::object();
  all.set("boolop", JsonValue::string("AND_EXPR"));
  const bool one = rest.items().size() == 1;
  JsonValue tree = one ? rest.items()[0] : JsonValue();
  if (!one) {
    all.set("args", std::move(rest));
    tree = node_of("BoolExpr", std::move(all));
  }
  out_.residual = bind(tree, joined_, Type::kBool);
  if (failed_) return error_;
  return std::move(out_);
}

}  // namespace

Compiled<JoinCondition> compile_join_condition(std::string_view text, const JoinSide& left,
                                               const JoinSide& right, const Schema& joined) {
  auto parsed = parse_expression(text);
  if (!parsed) return parsed.error();
  return JoinSplitter(std::move(*parsed), left, right, joined).split();
}

}  // namespace millrace
