#pragma once

/// PostgreSQL's rules for choosing an overload and a common type, as far as our types need them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/casts.h"
#include "functions/function.h"

namespace millrace {

/// An argument's type; a bare literal or NULL has none yet.
struct ArgType {
  Type type;
  bool unknown;
};

struct Resolution {
  const Function* function = nullptr;
  bool ambiguous = false;  ///< Several fit equally; function is then null.
  /// Of the call's arrays, where the function takes any (concrete_type).
  Type element = Type::kText;
};

Resolution resolve_function(std::string_view name, std::span<const ArgType> args);
/// The type to which CASE, COALESCE, IN… bring all their arms; nullopt: they do not match.
std::optional<Type> common_type(std::span<const ArgType> types);
/// As the reference and messages call a type: `anyarray` for one that stands for several.
std::string_view shown_type(Type type);
bool is_function_name(std::string_view name);
/// Names of functions that can be called, aggregates too; no operators.
std::vector<std::string> callable_names();

}  // namespace millrace
