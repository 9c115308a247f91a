// Casts and function calls.

#include <array>

#include "aggregates/aggregate.h"
#include "expr/binder.h"
#include "expr/nearest.h"

namespace millrace {
namespace {

constexpr std::array<std::string_view, 5> kRecordFunctions = {
    "event_time", "record_key", "source_position", "processing_time", "record_is_null"};

bool is_record_function(std::string_view name) {
  for (const std::string_view known : kRecordFunctions) {
    if (known == name) return true;
  }
  return false;
}

/// The function of two arguments that is there for these types.
const Function& named(std::string_view name, Type first, Type second) {
  const std::vector<ArgType> types = {ArgType{first, false}, ArgType{second, false}};
  return *resolve_function(name, types).function;
}

/// Whether the second argument is a regular expression.
bool takes_pattern(const Function& function) {
  const std::string_view name = function.name;
  const bool matches = name == "~" || name == "~*" || name == "!~" || name == "!~*";
  const bool substring = name == "substring" && function.args[1] == Type::kText;
  return matches || substring || name.starts_with("regexp_");
}

}  // namespace

Binder::Bound Binder::type_cast(const TreeNode& node) {
  const JsonValue* arg = node.find("arg");
  const JsonValue* type_tree = node.find("typeName");
  if (!arg || !type_tree) return fail(node.place(), "this cast is not supported");
  const TreeNode type_node{"TypeName", type_tree};
  const JsonValue* names = type_node.find("names");
  const std::string_view name = names ? last_name(*names) : "";
  // `timestamptz '…'` has no place of its own; its type name has.
  const JsonValue* location = node.find("location");
  const bool placed = location && location->is_int() && location->as_int() >= 0;
  const uint32_t place = placed ? node.place() : type_node.place();
  auto type = type_from_name(name == "bpchar" ? "text" : name);
  if (!type) {
    return fail(type_node.place(), "type \"" + std::string(name) + "\" is not supported",
                "types are bool, int4, int8, float8, numeric, text, timestamptz, timestamp, date, "
                "interval, jsonb, and arrays of these");
  }
  if (type_node.find("arrayBounds")) {
    const TreeNode inner = tree_node(*arg);
    // Elements take the type one by one, as in PostgreSQL: array['1', 2.5]::int4[].
    if (inner.kind == "A_ArrayExpr") return array(inner, *type);
    type = array_of(*type);
  }
  const JsonValue::Array& modifiers = type_node.list("typmods");
  Bound bound = expression(*arg);
  if (bound && name == "interval" && !modifiers.empty()) bound = in_unit(*bound, modifiers, place);
  if (bound) bound = coerce(*bound, *type, true, place);
  const bool modified = !modifiers.empty() && name != "interval";
  return modified && bound ? fit_modifiers(std::move(*bound), name, modifiers, place) : bound;
}

/// interval '2' day: the literal with its unit behind it. Other fields and precisions would cut the
/// value or give it another meaning, so they are refused.
Binder::Bound Binder::in_unit(Operand literal, const JsonValue::Array& modifiers, uint32_t place) {
  struct Unit {
    int64_t mask;
    const char* name;
  };
  // PostgreSQL's INTERVAL_MASK of each field alone.
  constexpr std::array kUnits = {Unit{1 << 1, "month"},   Unit{1 << 2, "year"},
                                 Unit{1 << 3, "day"},     Unit{1 << 10, "hour"},
                                 Unit{1 << 11, "minute"}, Unit{1 << 12, "second"}};
  const JsonValue* mask = modifiers[0].at("/A_Const/ival/ival");
  std::string_view digits = literal.literal;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  const bool whole = literal.unknown && !literal.null && !digits.empty() &&
                     digits.find_first_not_of("0123456789") == std::string_view::npos;
  for (const Unit& unit : kUnits) {
    if (!whole || modifiers.size() > 1 || !mask || mask->as_int() != unit.mask) continue;
    literal.literal += ' ';
    literal.literal += unit.name;
    return literal;
  }
  return fail(place, "fields and precision of an interval are possible only as in interval '2' day",
              "write the units into the text: interval '1 day 2 hours'");
}

/// numeric(precision, scale); the other types take no modifiers.
Binder::Bound Binder::fit_modifiers(Operand value, std::string_view name,
                                    const JsonValue::Array& modifiers, uint32_t place) {
  int64_t numbers[2] = {0, 0};
  bool good = value.type == Type::kNumeric && modifiers.size() <= 2;
  for (size_t i = 0; good && i < modifiers.size(); ++i) {
    const JsonValue* number = modifiers[i].at("/A_Const/ival/ival");
    numbers[i] = number && number->is_int() ? number->as_int() : 0;
    good = modifiers[i].at("/A_Const/ival") != nullptr;
  }
  if (!good) {
    return fail(place, "type modifiers, as in " + std::string(name) + "(n), are not supported");
  }
  if (numbers[0] < 1 || numbers[0] > 1000 || numbers[1] < 0 || numbers[1] > 1000) {
    return fail(place, "numeric(precision, scale): precision is 1 to 1000, scale 0 to 1000");
  }
  std::vector<Operand> args = {std::move(value)};
  for (const int64_t number : numbers) {
    args.push_back(made(builder_.int_constant(number, Type::kInt4, place), place));
  }
  return apply("numeric fit", std::move(args), place);
}

Binder::Bound Binder::collate(const TreeNode& node) {
  const JsonValue* name = node.find("collname");
  const JsonValue* arg = node.find("arg");
  if (!arg || !name || last_name(*name) != "C") {
    return fail(node.place(), "text is compared by bytes: only COLLATE \"C\" is there");
  }
  return expression(*arg);
}

Binder::Bound Binder::record_function(const std::string& name, uint32_t place) {
  const std::string hidden = name + "()";
  const uint32_t at = fixed_place_.value_or(place);
  const auto index = scope_.schema->find(hidden);
  if (index && !scope_.grouped) return made(builder_.field(*scope_.schema, *index, at), at);
  if (scope_.grouped && scope_.input->find(hidden)) {
    return fail(place, hidden + " must appear in group_by or be used in an aggregate");
  }
  return fail(place, hidden + " is not available here");
}

Binder::Bound Binder::call(const TreeNode& node) {
  const JsonValue* names = node.find("funcname");
  const std::string name(names ? last_name(*names) : "");
  const uint32_t place = node.place();
  const JsonValue::Array& trees = node.list("args");
  if (is_aggregate_name(name)) {
    // Those that a grouped select allows have become columns before (Scope::subtrees).
    std::string message = "aggregates are not possible ";
    message += scope_.grouped ? "here" : "in " + (scope_.where.empty() ? "this" : scope_.where);
    return fail(place, name + "(): " + message);
  }
  // Before its arguments: in a grouped select they would be told to be in an aggregate.
  if (!is_function_name(name) && !is_record_function(name))
    return no_such_function(name, {}, place, false);
  for (const char* unsupported : {"agg_filter", "agg_order", "over", "agg_distinct", "agg_star",
                                  "agg_within_group", "func_variadic"}) {
    if (node.find(unsupported)) {
      return fail(place, name + "() is not an aggregate or window function here");
    }
  }
  // Names with a blank are the compiler's own.
  if (name.find(' ') != std::string::npos) return no_such_function(name, {}, place, false);
  if (is_record_function(name) && trees.empty()) return record_function(name, place);
  std::vector<Operand> args;
  if (!all_bound(trees, args)) return std::nullopt;
  return apply(name, std::move(args), place);
}

/// Argument `i` as `function` takes it.
Binder::Bound Binder::argument(const Resolution& resolution, size_t i, const Operand& arg) {
  const Function& function = *resolution.function;
  Bound bound = arg;
  if (i >= function.arg_count) {
    bound = rest_argument(arg, function.rest);
  } else if (!function.any_args || arg.unknown) {
    const Type declared = function.any_args ? Type::kText : function.args[i];
    bound = declared == kTextsOfArray && !arg.unknown
                ? texts_of(arg, arg.place)
                : coerce(arg, concrete_type(declared, resolution.element), false, arg.place);
  }
  if (!bound) return std::nullopt;
  // These look at their columns' types.
  if (function.any_args || (i < function.arg_count && is_placeholder(function.args[i])))
    return settled(std::move(*bound));
  return bound;
}

/// A constant that no row can make right is a fault of the text, not of each row: the unit of
/// date_trunc('houre', t), a format, a pattern. False: told.
bool Binder::check_constants(std::string_view name, const Function& function,
                             const std::vector<Operand>& args,
                             const std::vector<uint32_t>& children, uint32_t at) {
  const auto fixed = [&](size_t i) {
    return builder_.is_constant(children[i]) && !builder_.is_null_constant(children[i]);
  };
  const auto any_value = [&](size_t i) { return builder_.zero_constant(function.args[i], at); };
  const auto is_fault = [&](const Function& tried, std::vector<uint32_t> with, size_t blamed,
                            std::string_view of_state = {}) {
    const auto error = builder_.probe(tried, with);
    if (!error || (!of_state.empty() && error->sqlstate != of_state)) return false;
    fail(args[blamed].place, error->text);
    return true;
  };
  const bool has_unit = name == "date_trunc" || name == "extract" || name == "date_part";
  const size_t zone = name == "timezone" ? 0 : 2;
  const bool has_zone = name == "timezone" || (has_unit && children.size() == 3);
  if (has_unit && fixed(0) &&
      is_fault(named(name, Type::kText, function.args[1]), {children[0], any_value(1)}, 0))
    return false;
  if (has_zone && fixed(zone) &&
      is_fault(named("timezone", Type::kText, function.args[1]), {children[zone], any_value(1)},
               zone))
    return false;
  if (name == "to_char" && fixed(1) &&
      is_fault(function, {any_value(0), children[1]}, 1, sqlstate::kSyntax))
    return false;
  return check_text_constants(function, args, children, at);
}

/// The same for what is done with a text: its pattern, then flags, or the number of a part.
bool Binder::check_text_constants(const Function& function, const std::vector<Operand>& args,
                                  const std::vector<uint32_t>& children, uint32_t at) {
  const bool pattern = takes_pattern(function);
  if (!pattern && function.name != "split_part") return true;
  std::vector<uint32_t> probed = children;
  probed[0] = builder_.text_constant("", Type::kText, at);
  if (pattern && builder_.is_constant(children[1])) {
    const Function& matches = named("~", Type::kText, Type::kText);
    if (const auto error = builder_.probe(matches, {probed[0], probed[1]})) {
      fail(args[1].place, error->text);
      return false;
    }
  }
  for (const uint32_t node : probed) {
    if (!builder_.is_constant(node) || builder_.is_null_constant(node)) return true;
  }
  if (const auto error = builder_.probe(function, probed)) {
    fail(args.back().place, error->text);
    return false;
  }
  return true;
}

Binder::Bound Binder::apply(std::string_view name, std::vector<Operand> args, uint32_t place) {
  std::vector<ArgType> types;
  for (const Operand& arg : args) types.push_back(arg.arg());
  const Resolution resolution = resolve_function(name, types);
  if (!resolution.function) return no_such_function(name, args, place, resolution.ambiguous);
  const Function& function = *resolution.function;
  std::vector<uint32_t> children;
  for (size_t i = 0; i < args.size(); ++i) {
    Bound bound = argument(resolution, i, args[i]);
    if (!bound) return std::nullopt;
    args[i] = std::move(*bound);
    children.push_back(args[i].node);
  }
  const uint32_t at = fixed_place_.value_or(place);
  if (!check_constants(name, function, args, children, at)) return std::nullopt;
  const Type result = concrete_type(function.result, resolution.element);
  return made(builder_.call(function, std::move(children), at, result), at);
}

/// An argument of any type, brought to the form that the function wants.
Binder::Bound Binder::rest_argument(const Operand& operand, Rest rest) {
  if (operand.unknown && (operand.null || rest == Rest::kText)) {
    return coerce(operand, rest == Rest::kText ? Type::kText : Type::kJsonb, false, operand.place);
  }
  Operand value = operand;
  if (value.unknown) {
    Bound text = coerce(value, Type::kText, false, value.place);
    if (!text) return std::nullopt;
    value = std::move(*text);
  }
  if (rest == Rest::kJson) return apply("to_jsonb", {std::move(value)}, operand.place);
  if (value.type == Type::kBool) return apply("bool letter", {std::move(value)}, operand.place);
  return coerce(std::move(value), Type::kText, true, operand.place);
}

Binder::Bound Binder::no_such_function(std::string_view name, const std::vector<Operand>& args,
                                       uint32_t place, bool ambiguous) {
  // A quoted name may hold anything, as in "!"(1): told as a function's.
  const bool is_operator = !args.empty() && !name.empty() &&
                           !std::isalpha(static_cast<unsigned char>(name[0])) && name[0] != '_';
  std::string call;
  if (is_operator && args.size() == 2) {
    call = type_text(args[0]) + " " + std::string(name) + " " + type_text(args[1]);
  } else if (is_operator) {
    call = std::string(name) + " " + type_text(args[0]);
  } else {
    call = std::string(name) + "(";
    for (size_t i = 0; i < args.size(); ++i) call += (i ? ", " : "") + type_text(args[i]);
    call += ")";
  }
  const std::string what = is_operator ? "operator" : "function";
  if (ambiguous)
    return fail(place, what + " is not unique: " + call, "add a cast, as in '…'::int8");
  if (name == "row_number") {
    return fail(place, "row_number() is not available here",
                "it is for \"select\" beside aggregates: a row's place among those of its window");
  }
  if (name == "now" || name == "clock_timestamp" || name == "statement_timestamp" ||
      name == "transaction_timestamp") {
    return fail(place, std::string(name) + "() is not available",
                "use event_time() for the record's time, processing_time() for the clock");
  }
  if (!is_operator && !is_function_name(name)) {
    return fail(place, "unknown function \"" + std::string(name) + "\"",
                did_you_mean(name, callable_names()));
  }
  return fail(place, what + " does not exist: " + call,
              is_function_name(name) ? "another type may need a cast, as in x::text" : "");
}

}  // namespace millrace
