// Coercion: literals take the type that their place demands, arms of one form take a common type.

#include "columns/json_cell.h"
#include "expr/binder.h"
#include "json/document.h"

namespace millrace {

Binder::Bound Binder::coerce(Operand operand, Type type, bool explicit_cast, uint32_t place) {
  if (operand.unknown) return literal_as(operand, type);
  if (operand.type == type) return operand;
  if (is_array(operand.type) || is_array(type)) {
    return cast_array(std::move(operand), type, explicit_cast, place);
  }
  const Function* cast = find_cast(operand.type, type);
  if (!cast || (!explicit_cast && cast->cast != Cast::kImplicit)) {
    std::string message = explicit_cast ? "cannot cast " : "this is ";
    message += type_name(operand.type);
    message += explicit_cast ? " to " : ", but it must be ";
    message += type_name(type);
    return fail(place, std::move(message));
  }
  if (cast_is_free(operand.type, type)) {
    operand.type = type;
    return operand;
  }
  return made(builder_.call(*cast, {operand.node}, fixed_place_.value_or(place)), operand.place);
}

Binder::Bound Binder::literal_as(const Operand& operand, Type type) {
  if (operand.null) return made(builder_.null_constant(type, operand.place), operand.place);
  if (is_array(type)) return array_literal(operand, type);
  const uint32_t text = builder_.text_constant(operand.literal, Type::kText, operand.place);
  if (type == Type::kText) return made(text, operand.place);
  if (type == Type::kJsonb) {
    // Of a key that is there twice the last counts, as in records; parse_json would refuse it.
    if (!is_json(operand.literal)) {
      const auto document = parse_json(operand.literal, "");
      return fail(operand.place, "invalid input syntax for type json",
                  document ? "" : document.error().message);
    }
    return made(builder_.text_constant(operand.literal, type, operand.place), operand.place);
  }
  const Function* cast = find_cast(Type::kText, type);
  if (!cast) {
    return fail(operand.place, "a literal cannot become " + std::string(type_name(type)));
  }
  if (const auto error = builder_.probe(*cast, {text})) return fail(operand.place, error->text);
  return made(builder_.call(*cast, {text}, operand.place), operand.place);
}

Binder::Bound Binder::boolean(const JsonValue& tree, std::string_view of_what) {
  Bound bound = expression(tree);
  if (!bound) return std::nullopt;
  if (bound->unknown || bound->type == Type::kBool) {
    return coerce(*bound, Type::kBool, false, bound->place);
  }
  std::string message = "argument of ";
  message += of_what;
  message += " must be bool, not ";
  message += type_name(bound->type);
  return fail(bound->place, std::move(message));
}

bool Binder::all_bound(const JsonValue::Array& trees, std::vector<Operand>& operands) {
  for (const JsonValue& tree : trees) {
    Bound bound = expression(tree);
    if (!bound) return false;
    operands.push_back(std::move(*bound));
  }
  return true;
}

bool Binder::unify(std::vector<Operand>& operands, std::string_view of_what, uint32_t place) {
  std::vector<ArgType> types;
  for (const Operand& operand : operands) types.push_back(operand.arg());
  const auto common = common_type(types);
  if (!common) {
    std::string message(of_what);
    message += " types do not match:";
    for (const Operand& operand : operands) {
      if (operand.unknown) continue;
      message += ' ';
      message += type_name(operand.type);
    }
    fail(place, std::move(message));
    return false;
  }
  for (Operand& operand : operands) {
    Bound bound = coerce(operand, *common, false, operand.place);
    if (!bound) return false;
    operand = std::move(*bound);
  }
  return true;
}

}  // namespace millrace
