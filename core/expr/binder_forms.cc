// Operators and the forms of SQL.

#include "expr/binder.h"

namespace millrace {

Binder::Bound Binder::operation(const TreeNode& node) {
  const std::string_view kind = node.text("kind");
  const uint32_t place = node.place();
  if (kind == "AEXPR_IN") return in_list(node);
  if (kind == "AEXPR_NULLIF") return nullif(node);
  if (kind == "AEXPR_DISTINCT") return distinct(node, false);
  if (kind == "AEXPR_NOT_DISTINCT") return distinct(node, true);
  if (kind.find("BETWEEN") != std::string_view::npos) return between(node);
  const bool plain = kind == "AEXPR_OP" || kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE" ||
                     kind == "AEXPR_SIMILAR";
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") {
    return quantified(node, kind == "AEXPR_OP_ALL");
  }
  if (!plain) return fail(place, "this operator is not supported");
  const JsonValue* names = node.find("name");
  const std::string name(names ? last_name(*names) : "");
  const JsonValue* left_tree = node.find("lexpr");
  const JsonValue* right_tree = node.find("rexpr");
  if (!right_tree) return fail(place, "this operator is not supported");
  if (!left_tree) {
    Bound only = expression(*right_tree);
    if (!only) return std::nullopt;
    return apply(name, {std::move(*only)}, place);
  }
  Bound left = expression(*left_tree);
  if (!left) return std::nullopt;
  Bound right = expression(*right_tree);
  if (!right) return std::nullopt;
  return binary(name, std::move(*left), std::move(*right), place);
}

Binder::Bound Binder::binary(std::string_view name, Operand left, Operand right, uint32_t place) {
  // `||` takes anything beside a text, by its text form.
  if (name == "||") {
    const bool array =
        (!left.unknown && is_array(left.type)) || (!right.unknown && is_array(right.type));
    // A literal beside a jsonb is one, too, as in PostgreSQL.
    const bool json = (left.unknown || left.type == Type::kJsonb) &&
                      (right.unknown || right.type == Type::kJsonb) &&
                      !(left.unknown && right.unknown);
    const bool text =
        !array && !json &&
        (left.unknown || right.unknown || left.type == Type::kText || right.type == Type::kText);
    for (Operand* side : {&left, &right}) {
      if (!text || side->unknown || side->type == Type::kText) continue;
      Bound bound = coerce(*side, Type::kText, true, side->place);
      if (!bound) return std::nullopt;
      *side = std::move(*bound);
    }
  }
  return apply(name == "!=" ? "<>" : name, {std::move(left), std::move(right)}, place);
}

Binder::Bound Binder::negated(Bound inner, uint32_t place) {
  if (!inner) return std::nullopt;
  const uint32_t at = fixed_place_.value_or(place);
  return made(builder_.form(Op::kNot, Type::kBool, {inner->node}, at), at);
}

Binder::Bound Binder::in_list(const TreeNode& node) {
  const uint32_t place = node.place();
  const JsonValue* names = node.find("name");
  const bool negate = names && last_name(*names) == "<>";
  const JsonValue* left = node.find("lexpr");
  const JsonValue* list = node.find("rexpr");
  const JsonValue* items = list ? list->at("/List/items") : nullptr;
  if (!left || !items) return fail(place, "IN needs a list of values");
  std::vector<Operand> operands;
  Bound first = expression(*left);
  if (!first) return std::nullopt;
  operands.push_back(std::move(*first));
  if (!all_bound(items->items(), operands)) return std::nullopt;
  if (!unify(operands, "IN", place)) return std::nullopt;
  bool constant = true;
  std::vector<uint32_t> nodes;
  for (size_t i = 1; i < operands.size(); ++i) {
    nodes.push_back(operands[i].node);
    constant = constant && builder_.is_constant(operands[i].node);
  }
  const uint32_t at = fixed_place_.value_or(place);
  Bound bound;
  // A set compares bytes; equal decimals, intervals and jsonb may differ in theirs.
  const Type type = operands[0].type;
  const bool by_bytes = storage_of(type) != Storage::kBytes || type == Type::kText;
  if (constant && !builder_.is_constant(operands[0].node) && by_bytes) {
    bound = made(builder_.in(operands[0].node, operands[0].type, nodes, at), at);
  } else {
    builder_.share(operands[0].node);
    std::vector<uint32_t> equalities;
    for (size_t i = 1; i < operands.size(); ++i) {
      Bound equal = apply("=", {operands[0], operands[i]}, place);
      if (!equal) return std::nullopt;
      equalities.push_back(equal->node);
    }
    bound = made(builder_.form(Op::kOr, Type::kBool, std::move(equalities), at), at);
  }
  return negate ? negated(bound, place) : bound;
}

Binder::Bound Binder::between(const TreeNode& node) {
  const uint32_t place = node.place();
  const std::string_view kind = node.text("kind");
  const bool negate = kind.find("NOT") != std::string_view::npos;
  const bool symmetric = kind.find("SYM") != std::string_view::npos;
  const JsonValue* left = node.find("lexpr");
  const JsonValue* list = node.find("rexpr");
  const JsonValue* bounds = list ? list->at("/List/items") : nullptr;
  if (!left || !bounds || bounds->items().size() != 2) return fail(place, "BETWEEN needs bounds");
  std::vector<Operand> operands;
  Bound first = expression(*left);
  if (!first) return std::nullopt;
  operands.push_back(std::move(*first));
  if (!all_bound(bounds->items(), operands)) return std::nullopt;
  // Each comparison finds its own types, as in PostgreSQL; but a literal on the left is one value.
  if (operands[0].unknown && !unify(operands, "BETWEEN", place)) return std::nullopt;
  if (!operands[0].unknown) builder_.share(operands[0].node);
  Bound bound = within(operands[0], operands[1], operands[2], place);
  if (bound && symmetric) {
    // Bound again, not shared: the first use of the upper bound sees fewer rows than the second.
    std::vector<Operand> again;
    if (!all_bound(bounds->items(), again)) return std::nullopt;
    Bound other = within(operands[0], again[1], again[0], place);
    if (!other) return std::nullopt;
    const uint32_t at = fixed_place_.value_or(place);
    bound = made(builder_.form(Op::kOr, Type::kBool, {bound->node, other->node}, at), at);
  }
  return negate ? negated(bound, place) : bound;
}

Binder::Bound Binder::within(const Operand& value, const Operand& low, const Operand& high,
                             uint32_t place) {
  Bound above = apply(">=", {value, low}, place);
  if (!above) return std::nullopt;
  Bound below = apply("<=", {value, high}, place);
  if (!below) return std::nullopt;
  const uint32_t at = fixed_place_.value_or(place);
  return made(builder_.form(Op::kAnd, Type::kBool, {above->node, below->node}, at), at);
}

Binder::Bound Binder::nullif(const TreeNode& node) {
  const uint32_t place = node.place();
  const JsonValue* left = node.find("lexpr");
  const JsonValue* right = node.find("rexpr");
  if (!left || !right) return fail(place, "NULLIF needs two values");
  Bound first = expression(*left);
  if (!first) return std::nullopt;
  Bound second = expression(*right);
  if (!second) return std::nullopt;
  if (first->unknown) {
    first = coerce(*first, second->unknown ? Type::kText : second->type, false, place);
    if (!first) return std::nullopt;
  }
  builder_.share(first->node);
  Bound equal = binary("=", *first, std::move(*second), place);
  if (!equal) return std::nullopt;
  const uint32_t at = fixed_place_.value_or(place);
  Operand made_one =
      made(builder_.form(Op::kNullif, first->type, {first->node, equal->node}, at), at);
  return made_one;
}

Binder::Bound Binder::distinct(const TreeNode& node, bool negate) {
  const uint32_t place = node.place();
  const JsonValue* left = node.find("lexpr");
  const JsonValue* right = node.find("rexpr");
  if (!left || !right) return fail(place, "IS DISTINCT FROM needs two values");
  std::vector<Operand> operands;
  for (const JsonValue* tree : {left, right}) {
    Bound bound = expression(*tree);
    if (!bound) return std::nullopt;
    operands.push_back(std::move(*bound));
  }
  if (!unify(operands, "IS DISTINCT FROM", place)) return std::nullopt;
  const Resolution equal = resolve_function("=", std::vector{operands[0].arg(), operands[1].arg()});
  if (!equal.function) return no_such_function("=", operands, place, equal.ambiguous);
  const uint32_t at = fixed_place_.value_or(place);
  Bound bound = made(builder_.form(Op::kDistinct, Type::kBool, {operands[0].node, operands[1].node},
                                   at, equal.function),
                     at);
  return negate ? negated(bound, place) : bound;
}

Binder::Bound Binder::logic(const TreeNode& node) {
  const std::string_view op = node.text("boolop");
  const uint32_t place = node.place();
  const std::string_view name = op == "AND_EXPR" ? "AND" : op == "OR_EXPR" ? "OR" : "NOT";
  std::vector<uint32_t> children;
  for (const JsonValue& tree : node.list("args")) {
    Bound bound = boolean(tree, name);
    if (!bound) return std::nullopt;
    children.push_back(bound->node);
  }
  if (children.empty()) return fail(place, "this condition is not supported");
  const uint32_t at = fixed_place_.value_or(place);
  const Op kind = name == "AND" ? Op::kAnd : name == "OR" ? Op::kOr : Op::kNot;
  return made(builder_.form(kind, Type::kBool, std::move(children), at), at);
}

/// IS NULL, IS TRUE and their kin: `IS_NOT_TRUE` is the table's "is not true".
Binder::Bound Binder::test(const TreeNode& node, std::string_view kind_key) {
  const JsonValue* arg = node.find("arg");
  if (!arg) return fail(node.place(), "this test is not supported");
  std::string name(node.text(kind_key));
  for (char& c : name) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  Bound bound = kind_key == "booltesttype" ? boolean(*arg, "IS") : expression(*arg);
  if (!bound) return std::nullopt;
  return apply(name, {std::move(*bound)}, node.place());
}

/// The condition of one WHEN: a test of `subject` where CASE has one.
Binder::Bound Binder::when(const JsonValue& test, const Bound& subject, uint32_t place) {
  if (!subject) return boolean(test, "WHEN");
  Bound value = expression(test);
  if (!value) return std::nullopt;
  return binary("=", *subject, std::move(*value), place);
}

/// What ELSE says: NULL where there is none.
Binder::Bound Binder::otherwise(const TreeNode& node) {
  if (const JsonValue* tree = node.find("defresult")) return expression(*tree);
  Operand null;
  null.unknown = null.null = true;
  null.place = node.place();
  return null;
}

Binder::Bound Binder::choose(const TreeNode& node) {
  const uint32_t place = node.place();
  Bound subject;
  if (const JsonValue* arg = node.find("arg")) {
    subject = expression(*arg);
    if (!subject) return std::nullopt;
    if (!subject->unknown) builder_.share(subject->node);
  }
  std::vector<uint32_t> conditions;
  std::vector<Operand> results;
  for (const JsonValue& arm : node.list("args")) {
    const TreeNode branch = tree_node(arm);
    const JsonValue* test = branch.find("expr");
    const JsonValue* result = branch.find("result");
    if (!test || !result) return fail(place, "this CASE is not supported");
    const Bound condition = when(*test, subject, branch.place());
    if (!condition) return std::nullopt;
    conditions.push_back(condition->node);
    Bound bound = expression(*result);
    if (!bound) return std::nullopt;
    results.push_back(std::move(*bound));
  }
  Bound rest = otherwise(node);
  if (!rest) return std::nullopt;
  results.push_back(std::move(*rest));
  if (!unify(results, "CASE", place)) return std::nullopt;
  std::vector<uint32_t> children;
  for (size_t i = 0; i < conditions.size(); ++i) {
    children.push_back(conditions[i]);
    children.push_back(results[i].node);
  }
  children.push_back(results.back().node);
  const uint32_t at = fixed_place_.value_or(place);
  return made(builder_.form(Op::kCase, results[0].type, std::move(children), at), at);
}

Binder::Bound Binder::coalesce(const TreeNode& node) {
  std::vector<Operand> operands;
  if (!all_bound(node.list("args"), operands)) return std::nullopt;
  if (!unify(operands, "COALESCE", node.place())) return std::nullopt;
  std::vector<uint32_t> children;
  for (const Operand& operand : operands) children.push_back(operand.node);
  const uint32_t at = fixed_place_.value_or(node.place());
  return made(builder_.form(Op::kCoalesce, operands[0].type, std::move(children), at), at);
}

Binder::Bound Binder::extreme(const TreeNode& node) {
  const bool greatest = node.text("op") == "IS_GREATEST";
  const std::string_view name = greatest ? "GREATEST" : "LEAST";
  std::vector<Operand> operands;
  if (!all_bound(node.list("args"), operands)) return std::nullopt;
  if (!unify(operands, name, node.place())) return std::nullopt;
  const std::vector<ArgType> pair(2, operands[0].arg());
  const Resolution order = resolve_function(greatest ? ">" : "<", pair);
  if (!order.function)
    return no_such_function(greatest ? ">" : "<", {operands[0], operands[0]}, node.place(),
                            order.ambiguous);
  std::vector<uint32_t> children;
  for (const Operand& operand : operands) children.push_back(operand.node);
  const uint32_t at = fixed_place_.value_or(node.place());
  return made(
      builder_.form(Op::kExtreme, operands[0].type, std::move(children), at, order.function), at);
}

}  // namespace millrace
