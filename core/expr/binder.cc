// Entry and leaves.

#include "expr/binder.h"

#include <algorithm>
#include <cstdlib>

#include "columns/decimal.h"
#include "columns/number_text.h"
#include "expr/nearest.h"

namespace millrace {
namespace {

constexpr uint32_t kDepthMax = 1000;

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

}  // namespace

Binder::Binder(const ParsedExpression& expression, const Scope& scope)
    : expression_(expression), scope_(scope), builder_(expression.text) {
  for (const auto& [tree, column] : scope.subtrees) {
    subtree_size_max_ = std::max(subtree_size_max_, tree.size());
  }
}

Compiled<Program> Binder::bind(std::optional<Type> wanted) {
  Bound bound = expression(expression_.tree);
  if (bound && wanted && !bound->unknown && bound->type != *wanted) {
    std::string message = "this must be ";
    message += type_name(*wanted);
    message += ", but it is ";
    message += type_name(bound->type);
    fail(0, std::move(message));
    return error_;
  }
  if (bound && bound->unknown) bound = coerce(*bound, wanted.value_or(Type::kText), false, 0);
  return finish(std::move(bound));
}

Compiled<Program> Binder::bind_as(Type type) {
  Bound bound = expression(expression_.tree);
  if (bound) bound = coerce(*bound, type, false, bound->place);
  return finish(std::move(bound));
}

Compiled<Program> Binder::bind_stamped() {
  Bound bound = expression(expression_.tree);
  if (!bound) return error_;
  const uint32_t place = bound->place;
  Bound time = record_function("event_time", place);
  if (time) bound = apply("stamped value", {std::move(*time), std::move(*bound)}, place);
  return finish(time ? std::move(bound) : std::nullopt);
}

Compiled<Program> Binder::finish(Bound bound) {
  if (!bound) return error_;
  *bound = settled(std::move(*bound));
  if (const auto place = builder_.too_large()) {
    fail(*place, "the constant parts of an expression make at most 64 KiB of text");
    return error_;
  }
  return std::move(builder_).finish(bound->node);
}

/// A cast that cost nothing must show in the column where somebody looks at its type.
Binder::Operand Binder::settled(Operand operand) {
  const Type from = builder_.type_of(operand.node), to = operand.type;
  if (from == to) return operand;
  if (is_array(to)) {
    const Function* cast = find_cast(element_of(from), element_of(to));
    operand.node = builder_.form(Op::kElements, to, {operand.node}, operand.place, cast);
  } else {
    operand.node = builder_.call(*find_cast(from, to), {operand.node}, operand.place);
  }
  return operand;
}

std::nullopt_t Binder::fail(uint32_t place, std::string message, std::string hint) {
  error_.message = std::move(message);
  error_.hint = std::move(hint);
  error_.position = fixed_place_.value_or(place);
  error_.text = expression_.text;
  return std::nullopt;
}

Binder::Operand Binder::made(uint32_t node, uint32_t place) const {
  Operand operand;
  operand.type = builder_.type_of(node);
  operand.node = node;
  operand.place = fixed_place_.value_or(place);
  return operand;
}

std::string Binder::type_text(const Operand& operand) const {
  return operand.unknown ? "unknown" : std::string(type_name(operand.type));
}

Binder::Bound Binder::expression(const JsonValue& tree) {
  const TreeNode node = tree_node(tree);
  if (depth_ >= kDepthMax) return fail(node.place(), "more than 1000 nested operations");
  if (!scope_.subtrees.empty()) {
    const auto column = scope_.subtrees.find(canonical_tree(tree, subtree_size_max_));
    if (column != scope_.subtrees.end()) {
      return finished(column->second, fixed_place_.value_or(node.place()));
    }
  }
  ++depth_;
  Bound bound = dispatch(node);
  --depth_;
  return bound;
}

Binder::Bound Binder::finished(const Scope::Subtree& subtree, uint32_t place) {
  std::vector<Operand> args = {made(builder_.field(*scope_.schema, subtree.column, place), place)};
  if (subtree.finish.empty()) return args[0];
  for (const std::string& word : subtree.words) {
    args.push_back(made(builder_.text_constant(word, Type::kText, place), place));
  }
  for (const JsonValue* extra : subtree.extras) {
    Bound bound = expression(*extra);
    if (!bound) return std::nullopt;
    if (!bound->unknown && !builder_.is_constant(bound->node)) {
      return fail(bound->place, "this argument of an aggregate must be a constant");
    }
    args.push_back(std::move(*bound));
  }
  return apply(subtree.finish, std::move(args), place);
}

Binder::Bound Binder::dispatch(const TreeNode& node) {
  const std::string_view kind = node.kind;
  if (kind == "A_Const") return constant(node);
  if (kind == "ColumnRef") return column(node);
  if (kind == "A_Expr") return operation(node);
  if (kind == "BoolExpr") return logic(node);
  if (kind == "NullTest") return test(node, "nulltesttype");
  if (kind == "BooleanTest") return test(node, "booltesttype");
  if (kind == "CaseExpr") return choose(node);
  if (kind == "CoalesceExpr") return coalesce(node);
  if (kind == "MinMaxExpr") return extreme(node);
  if (kind == "TypeCast") return type_cast(node);
  if (kind == "FuncCall") return call(node);
  if (kind == "CollateClause") return collate(node);
  if (kind == "SQLValueFunction") return sql_value(node);
  if (kind == "A_ArrayExpr") return array(node, std::nullopt);
  if (kind == "A_Indirection") return subscripts(node);
  const uint32_t place = node.place();
  if (kind == "SubLink") return fail(place, "a subquery is not possible here");
  if (kind == "ParamRef") return fail(place, "parameters ($1) are not possible here");
  if (kind == "RowExpr") return fail(place, "a row of values is not possible here");
  return fail(place, "this SQL construct is not supported (" + std::string(kind) + ")");
}

Binder::Bound Binder::constant(const TreeNode& node) {
  const uint32_t place = fixed_place_.value_or(node.place());
  if (node.flag("isnull")) {
    Operand operand;
    operand.unknown = operand.null = true;
    operand.place = place;
    return operand;
  }
  if (const JsonValue* integer = node.find("ival")) {
    const JsonValue* value = integer->find("ival");
    const int64_t number = value && value->is_int() ? value->as_int() : 0;
    return made(builder_.int_constant(number, Type::kInt4, place), place);
  }
  // Zero and false come without their value.
  if (const JsonValue* boolean = node.find("boolval")) {
    const JsonValue* value = boolean->find("boolval");
    return made(builder_.bool_constant(value && value->as_bool(), place), place);
  }
  if (const JsonValue* decimal = node.find("fval")) {
    const JsonValue* value = decimal->find("fval");
    return number(node, value && value->is_string() ? value->as_string() : "0");
  }
  if (const JsonValue* string = node.find("sval")) {
    const JsonValue* value = string->find("sval");
    Operand operand;
    operand.unknown = true;
    operand.literal = value && value->is_string() ? value->as_string() : "";
    operand.place = place;
    return operand;
  }
  return fail(node.place(), "bit strings are not supported");
}

/// A number beyond int4 or with a point.
Binder::Bound Binder::number(const TreeNode& node, std::string_view text) {
  const uint32_t place = fixed_place_.value_or(node.place());
  int64_t whole = 0;
  if (parse_int(text, INT64_MIN, INT64_MAX, whole) == NumberFault::kNone) {
    const Type type = whole == INT32_MIN ? Type::kInt4 : Type::kInt8;
    return made(builder_.int_constant(whole, type, place), place);
  }
  ByteArena arena;
  std::string_view value;
  if (parse_numeric(text, arena, value) != NumberFault::kNone) {
    return fail(node.place(), "this number is out of range for numeric");
  }
  return made(builder_.text_constant(value, Type::kNumeric, place), place);
}

Binder::Bound Binder::column(const TreeNode& node) {
  std::string path;
  for (const JsonValue& part : node.list("fields")) {
    const JsonValue* name = part.at("/String/sval");
    if (!name) return fail(node.place(), "* is not an expression");
    if (!path.empty()) path += '.';
    path += name->as_string();
  }
  return field_named(path, node.place());
}

Binder::Bound Binder::field_named(const std::string& path, uint32_t place) {
  const uint32_t at = fixed_place_.value_or(place);
  if (!scope_.grouped) {
    const auto index = scope_.schema->find(path);
    // The hidden fields are reached by their calls only.
    if (!index || path.ends_with("()")) return unknown_field(path, place);
    return made(builder_.field(*scope_.schema, *index, at), at);
  }
  if (const auto name = scope_.names.find(path); name != scope_.names.end()) {
    return made(builder_.field(*scope_.schema, name->second, at), at);
  }
  if (const auto alias = scope_.aliases.find(path);
      alias != scope_.aliases.end() && !fixed_place_) {
    fixed_place_ = at;
    Bound bound = expression(alias->second->tree);
    fixed_place_.reset();
    return bound;
  }
  if (scope_.input->find(path)) {
    return fail(place, "field \"" + path + "\" must appear in group_by or be used in an aggregate");
  }
  return unknown_field(path, place);
}

Binder::Bound Binder::unknown_field(const std::string& path, uint32_t place) {
  std::vector<std::string> names;
  const Schema& fields = scope_.grouped ? *scope_.input : *scope_.schema;
  for (const auto& [name, column] : scope_.names) names.push_back(name);
  for (const auto& [name, alias] : scope_.aliases) names.push_back(name);
  std::string hint;
  for (const Field& field : fields.fields()) {
    if (field.name.ends_with("()")) continue;
    names.push_back(field.name);
    if (lower_ascii(field.name) == path) {
      hint = "SQL folds capitals; the field is written " + quoted_name(field.name);
    }
  }
  if (hint.empty()) hint = did_you_mean(path, names);
  fail(place, "unknown field \"" + path + "\"", std::move(hint));
  error_.unknown_field = path;
  return std::nullopt;
}

/// `user` and its kin parse as functions of the SQL session.
Binder::Bound Binder::sql_value(const TreeNode& node) {
  const uint32_t place = node.place();
  size_t end = place;
  const std::string& text = expression_.text;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) {
    ++end;
  }
  const std::string word = lower_ascii(std::string_view(text).substr(place, end - place));
  if (word.starts_with("current_") || word.starts_with("local")) {
    return fail(place, word + " is not available",
                "use event_time() for the record's time, processing_time() for the clock");
  }
  return fail(place, "\"" + word + "\" is an SQL word",
              "a field of that name is written \"" + word + "\", quotes included");
}

}  // namespace millrace
