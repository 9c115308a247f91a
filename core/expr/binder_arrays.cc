// Arrays: constructors, subscripts, ANY and ALL, casts element by element.

#include "expr/binder.h"

namespace millrace {
namespace {

/// A function of the table by its arguments' types; there is always one.
const Function& known_function(std::string_view name, std::vector<ArgType> args) {
  return *resolve_function(name, args).function;
}

}  // namespace

/// ARRAY[…]; `element`: the type that a cast around it gives each of the elements.
Binder::Bound Binder::array(const TreeNode& node, std::optional<Type> element) {
  const uint32_t place = node.place();
  std::vector<Operand> operands;
  for (const JsonValue& tree : node.list("elements")) {
    if (tree_node(tree).kind == "A_ArrayExpr") {
      return fail(place, "arrays have one dimension here", "a JSON array may hold arrays");
    }
    Bound bound = expression(tree);
    if (bound && element) bound = coerce(*bound, *element, true, bound->place);
    if (!bound) return std::nullopt;
    operands.push_back(std::move(*bound));
  }
  if (operands.empty() && !element) {
    return fail(place, "the type of an empty array is not known",
                "add a cast, as in array[]::int8[]");
  }
  if (!element && !unify(operands, "ARRAY", place)) return std::nullopt;
  const Type type = element.value_or(operands.empty() ? Type::kText : operands[0].type);
  if (is_array(type)) {
    return fail(place, "arrays have one dimension here", "a JSON array may hold arrays");
  }
  std::vector<uint32_t> children;
  for (Operand& operand : operands) children.push_back(settled(std::move(operand)).node);
  const uint32_t at = fixed_place_.value_or(place);
  const Function& make = known_function("array make", {});
  return made(builder_.call(make, std::move(children), at, array_of(type)), at);
}

Binder::Bound Binder::subscripts(const TreeNode& node) {
  const JsonValue* arg = node.find("arg");
  if (!arg) return fail(node.place(), "this subscript is not supported");
  const uint32_t place = tree_node(*arg).place();
  Bound bound = expression(*arg);
  for (const JsonValue& step : node.list("indirection")) {
    if (!bound) return std::nullopt;
    const TreeNode index = tree_node(step);
    if (index.kind != "A_Indices" || bound->unknown) {
      return fail(place, "only arrays and jsonb have parts, and these are reached by [ ]");
    }
    bound = index.flag("is_slice") ? slice(std::move(*bound), index, place)
                                   : subscript(std::move(*bound), index, place);
  }
  return bound;
}

Binder::Bound Binder::subscript(Operand value, const TreeNode& index, uint32_t place) {
  const JsonValue* tree = index.find("uidx");
  if (!tree) return fail(place, "this subscript is not supported");
  Bound bound = expression(*tree);
  if (!bound) return std::nullopt;
  const bool json = value.type == Type::kJsonb;
  if (!bound->unknown && !(json && bound->type == Type::kText)) {
    bound = coerce(*bound, Type::kInt4, false, bound->place);
    if (!bound) return std::nullopt;
  }
  const std::string_view name = json ? "jsonb_extract_path" : "array item";
  return part_of(name, {std::move(value), std::move(*bound)}, place);
}

/// A part of the first. Where that is NULL the subscripts are not computed, as in PostgreSQL; it is
/// computed itself in any case, though a NULL for a subscript says what comes out.
Binder::Bound Binder::part_of(std::string_view name, std::vector<Operand> args, uint32_t place) {
  bool known = true;
  for (size_t i = 1; i < args.size(); ++i) {
    const Operand& index = args[i];
    known = known && (index.unknown ? !index.null
                                    : builder_.is_constant(index.node) &&
                                          !builder_.is_null_constant(index.node));
  }
  if (known) return apply(name, std::move(args), place);
  builder_.share(args[0].node);
  const Operand whole = args[0];
  Bound part = apply(name, std::move(args), place);
  if (!part) return std::nullopt;
  Bound there = apply("is not null", {whole}, place);
  if (!there) return std::nullopt;
  const uint32_t at = fixed_place_.value_or(place);
  const uint32_t null = builder_.null_constant(part->type, at);
  return made(builder_.form(Op::kCase, part->type, {there->node, part->node, null}, at), at);
}

Binder::Bound Binder::slice(Operand value, const TreeNode& index, uint32_t place) {
  std::vector<Operand> args = {std::move(value)};
  const int64_t open[] = {1, INT32_MAX};
  size_t i = 0;
  for (const char* bound_name : {"lidx", "uidx"}) {
    const JsonValue* tree = index.find(bound_name);
    Bound bound =
        tree ? expression(*tree) : made(builder_.int_constant(open[i], Type::kInt4, place), place);
    if (!bound) return std::nullopt;
    args.push_back(std::move(*bound));
    ++i;
  }
  return part_of("array slice", std::move(args), place);
}

Binder::Bound Binder::quantified(const TreeNode& node, bool all) {
  const uint32_t place = node.place();
  const JsonValue* names = node.find("name");
  const JsonValue* left = node.find("lexpr");
  const JsonValue* right = node.find("rexpr");
  if (!names || !left || !right) return fail(place, "ANY and ALL need an array");
  const std::string name(last_name(*names));
  Bound value = expression(*left);
  if (!value) return std::nullopt;
  Bound array = expression(*right);
  if (!array) return std::nullopt;
  return over_elements(name == "!=" ? "<>" : name, std::move(*value), std::move(*array), all,
                       place);
}

Binder::Bound Binder::over_elements(std::string_view name, Operand left, Operand right, bool all,
                                    uint32_t place) {
  if (!right.unknown && !is_array(right.type)) {
    return fail(right.place, std::string(all ? "ALL" : "ANY") + " needs an array, not " +
                                 std::string(type_name(right.type)));
  }
  const std::vector<ArgType> types = {
      left.arg(), {right.unknown ? Type::kText : element_of(right.type), right.unknown}};
  const Resolution found = resolve_function(name, types);
  if (!found.function || found.function->result != Type::kBool) {
    Operand element = right;
    if (!right.unknown) element.type = element_of(right.type);
    return no_such_function(name, {left, element}, place, found.ambiguous);
  }
  const Function& function = *found.function;
  Bound value = coerce(left, concrete_type(function.args[0], found.element), false, left.place);
  if (!value) return std::nullopt;
  const Type element = concrete_type(function.args[1], found.element);
  Bound array = coerce(right, array_of(element), false, right.place);
  if (!array) return std::nullopt;
  const uint32_t at = fixed_place_.value_or(place);
  const bool by_bytes = storage_of(element) != Storage::kBytes || element == Type::kText;
  if (name == "=" && !all && by_bytes && builder_.is_constant(array->node) &&
      !builder_.is_constant(value->node) && !builder_.is_null_constant(array->node)) {
    const std::vector<uint32_t> items = builder_.array_constants(array->node, at);
    if (!items.empty()) return made(builder_.in(value->node, value->type, items, at), at);
  }
  return made(builder_.form(all ? Op::kAllOf : Op::kAnyOf, Type::kBool, {value->node, array->node},
                            at, &function),
              at);
}

/// From or to an array type: element by element, or by the text form.
Binder::Bound Binder::cast_array(Operand operand, Type type, bool explicit_cast, uint32_t place) {
  const Type from = operand.type;
  if (is_array(from) && is_array(type)) {
    const Function* cast = find_cast(element_of(from), element_of(type));
    if (cast && (explicit_cast || cast->cast == Cast::kImplicit)) {
      return each_element(std::move(operand), *cast, element_of(type), place);
    }
  } else if (explicit_cast && type == Type::kText) {
    Bound texts = texts_of(std::move(operand), place);
    if (!texts) return std::nullopt;
    return apply("array text", {std::move(*texts)}, place);
  } else if (explicit_cast && from == Type::kText) {
    Bound texts = apply("array of text", {std::move(operand)}, place);
    if (!texts) return std::nullopt;
    return coerce(std::move(*texts), type, true, place);
  }
  std::string message = explicit_cast ? "cannot cast " : "this is ";
  message += type_name(from);
  message += explicit_cast ? " to " : ", but it must be ";
  message += type_name(type);
  return fail(place, std::move(message));
}

Binder::Bound Binder::each_element(Operand operand, const Function& cast, Type element,
                                   uint32_t place) {
  if (cast_is_free(element_of(operand.type), element)) {
    operand.type = array_of(element);
    return operand;
  }
  const uint32_t at = fixed_place_.value_or(place);
  const uint32_t node = builder_.form(Op::kElements, array_of(element), {operand.node}, at, &cast);
  return made(node, operand.place);
}

/// The elements as output writes them: true is `t`.
Binder::Bound Binder::texts_of(Operand operand, uint32_t place) {
  const Type element = element_of(operand.type);
  if (element == Type::kText) return operand;
  const Function* cast = element == Type::kBool
                             ? &known_function("bool letter", {{Type::kBool, false}})
                             : find_cast(element, Type::kText);
  return each_element(std::move(operand), *cast, Type::kText, place);
}

Binder::Bound Binder::array_literal(const Operand& operand, Type type) {
  const uint32_t text = builder_.text_constant(operand.literal, Type::kText, operand.place);
  const Function& parse = known_function("array of text", {{Type::kText, false}});
  if (const auto error = builder_.probe(parse, {text})) return fail(operand.place, error->text);
  Bound bound = made(builder_.call(parse, {text}, operand.place), operand.place);
  bound = coerce(std::move(*bound), type, true, operand.place);
  if (!bound) return std::nullopt;
  if (const auto error = builder_.failure(bound->node)) return fail(operand.place, error->text);
  return bound;
}

}  // namespace millrace
