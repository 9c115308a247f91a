#include "expr/resolve.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "aggregates/aggregate.h"
#include "expr/table.h"

namespace millrace {
namespace {

using Candidates = std::vector<const Function*>;

bool is_operator(std::string_view name) {
  return !std::isalpha(static_cast<unsigned char>(name[0])) && name[0] != '_';
}

/// PostgreSQL's categories of types, and the type of each that it prefers.
enum class Category : uint8_t { kBool, kNumber, kString, kDatetime, kTimespan, kArray, kOther };
Category category_of(Type type) {
  if (is_array(type) || type == kAnyArray || type == kOrderedArray) return Category::kArray;
  switch (type) {
    case Type::kBool: return Category::kBool;
    case Type::kInt4:
    case Type::kInt8:
    case Type::kFloat8:
    case Type::kNumeric: return Category::kNumber;
    case Type::kText: return Category::kString;
    case Type::kDate:
    case Type::kTimestamp:
    case Type::kTimestamptz: return Category::kDatetime;
    case Type::kInterval: return Category::kTimespan;
    case Type::kJsonb: return Category::kOther;
  }
  return Category::kOther;
}
bool is_preferred(Type type) {
  return type == Type::kBool || type == Type::kFloat8 || type == Type::kText ||
         type == Type::kTimestamptz || type == Type::kInterval;
}

const Candidates& functions_named(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, Candidates> by_name;
    for (const Function* function : functions()) by_name[function->name].push_back(function);
    return by_name;
  }();
  static const Candidates kNone;
  const auto found = kByName.find(name);
  return found == kByName.end() ? kNone : found->second;
}

/// The type that position `i` wants; nothing where it takes any.
std::optional<Type> wanted_at(const Function& function, size_t i) {
  if (function.any_args || i >= function.arg_count) return std::nullopt;
  return function.args[i];
}

/// The element type that all arrays and elements of a call agree on; nullopt: they do not.
std::optional<Type> settle_element(const Function& function, std::span<const ArgType> args) {
  std::vector<ArgType> found;
  bool with_element = false;
  for (size_t i = 0; i < args.size() && i < function.arg_count; ++i) {
    const Type wanted = function.args[i];
    const bool element = wanted == kAnyElement || wanted == kOrderedElement;
    with_element = with_element || element;
    if (!is_placeholder(wanted) || args[i].unknown) continue;
    if (is_array(args[i].type) == element) return std::nullopt;
    found.push_back({element ? args[i].type : element_of(args[i].type), false});
  }
  if (found.empty()) return std::nullopt;
  // As anycompatible in PostgreSQL; its operators between two arrays want the same type.
  const bool exact = !with_element && function.result == Type::kBool;
  for (const ArgType& one : found) {
    if (exact && one.type != found[0].type) return std::nullopt;
  }
  return common_type(found);
}

bool has_placeholders(const Function& function) {
  return std::any_of(function.args.begin(), function.args.begin() + function.arg_count,
                     is_placeholder);
}

bool element_is_ordered(const Function& function) {
  return std::any_of(function.args.begin(), function.args.begin() + function.arg_count,
                     [](Type type) { return type == kOrderedArray || type == kOrderedElement; });
}

/// An array casts as its elements do.
bool fits(Type from, Type to) {
  if (from == to) return true;
  if (is_array(from) && is_array(to)) return fits(element_of(from), element_of(to));
  return casts_implicitly(from, to);
}

bool takes(const Function& function, std::span<const ArgType> args) {
  if (!function.kernel) return false;
  const bool more = function.rest != Rest::kNone && args.size() > function.arg_count;
  if (args.size() != function.arg_count && !more) return false;
  std::optional<Type> element = Type::kText;
  if (!function.any_args && has_placeholders(function)) {
    element = settle_element(function, args);
    if (!element || (*element == Type::kJsonb && element_is_ordered(function))) return false;
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const auto wanted = wanted_at(function, i);
    if (args[i].unknown || !wanted || *wanted == kTextsOfArray) continue;
    if (!fits(args[i].type, concrete_type(*wanted, *element))) return false;
  }
  return true;
}

/// Keeps the candidates for which `score` is highest.
template <class Score>
void keep_best(Candidates& candidates, Score score) {
  int best = 0;
  for (const Function* function : candidates) best = std::max(best, score(*function));
  std::erase_if(candidates, [&](const Function* function) { return score(*function) < best; });
}

/// An operator's literal has the type of the other side, if there is such an operator.
const Function* with_other_side(const Candidates& candidates, std::span<const ArgType> args) {
  if (args.size() != 2 || args[0].unknown == args[1].unknown) return nullptr;
  const Type known = args[0].unknown ? args[1].type : args[0].type;
  for (const Function* function : candidates) {
    if (function->any_args || function->rest != Rest::kNone) continue;
    const Type element = is_array(known) ? element_of(known) : known;
    const auto is_known = [&](Type type) { return concrete_type(type, element) == known; };
    if (is_known(function->args[0]) && is_known(function->args[1])) return function;
  }
  return nullptr;
}

/// Gives each literal a category: text if any candidate takes text there, else the one that all
/// share; then drops the candidates that want something else. False: they do not agree.
bool settle_literals(Candidates& candidates, std::span<const ArgType> args) {
  struct Slot {
    Category category = Category::kOther;
    bool preferred = false;
  };
  std::vector<Slot> slots(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    if (!args[i].unknown) continue;
    bool first = true, conflict = false;
    for (const Function* function : candidates) {
      const Type type = wanted_at(*function, i).value_or(Type::kText);
      const Category category = category_of(type);
      if (first) {
        slots[i] = {category, is_preferred(type)};
      } else if (category == slots[i].category) {
        slots[i].preferred = slots[i].preferred || is_preferred(type);
      } else if (category == Category::kString) {
        slots[i] = {category, is_preferred(type)};
      } else if (slots[i].category != Category::kString) {
        conflict = true;
      }
      first = false;
    }
    if (conflict && slots[i].category != Category::kString) return false;
  }
  Candidates kept;
  for (const Function* function : candidates) {
    bool fits = true;
    for (size_t i = 0; i < args.size() && fits; ++i) {
      if (!args[i].unknown) continue;
      const Type type = wanted_at(*function, i).value_or(Type::kText);
      fits = category_of(type) == slots[i].category && (!slots[i].preferred || is_preferred(type));
    }
    if (fits) kept.push_back(function);
  }
  if (!kept.empty()) candidates = std::move(kept);
  return true;
}

/// The last resort: literals are of the one type that all other arguments have.
const Function* by_known_type(const Candidates& candidates, std::span<const ArgType> args) {
  std::optional<Type> known;
  for (const ArgType& arg : args) {
    if (arg.unknown) continue;
    if (known && *known != arg.type) return nullptr;
    known = arg.type;
  }
  if (!known) return nullptr;
  const std::vector<ArgType> all(args.size(), ArgType{*known, false});
  const Function* only = nullptr;
  for (const Function* function : candidates) {
    if (!takes(*function, all)) continue;
    if (only) return nullptr;
    only = function;
  }
  return only;
}

Resolution choose_function(std::string_view name, std::span<const ArgType> args) {
  Candidates candidates;
  for (const Function* function : functions_named(name)) {
    if (function->cast == Cast::kNone && takes(*function, args)) candidates.push_back(function);
  }
  if (candidates.empty()) return {};
  if (const Function* function = with_other_side(candidates, args)) return {function};
  const auto score = [&](bool preferred) {
    return [args, preferred](const Function& function) {
      int matches = 0;
      for (size_t i = 0; i < args.size(); ++i) {
        const auto wanted = wanted_at(function, i);
        if (args[i].unknown || !wanted) continue;
        const bool same = args[i].type == *wanted;
        matches += same || (preferred && category_of(*wanted) == category_of(args[i].type) &&
                            is_preferred(*wanted));
      }
      return matches;
    };
  };
  keep_best(candidates, score(false));
  if (candidates.size() > 1) keep_best(candidates, score(true));
  if (candidates.size() == 1) return {candidates[0]};
  const bool literals =
      std::any_of(args.begin(), args.end(), [](ArgType arg) { return arg.unknown; });
  if (literals && settle_literals(candidates, args) && candidates.size() == 1)
    return {candidates[0]};
  const Function* function = literals ? by_known_type(candidates, args) : nullptr;
  return {function, function == nullptr};
}

}  // namespace

Resolution resolve_function(std::string_view name, std::span<const ArgType> args) {
  Resolution resolution = choose_function(name, args);
  if (resolution.function) {
    resolution.element = settle_element(*resolution.function, args).value_or(Type::kText);
  }
  return resolution;
}

std::string_view shown_type(Type type) {
  if (type == kAnyArray || type == kOrderedArray || type == kTextsOfArray) return "anyarray";
  return type == kAnyElement || type == kOrderedElement ? "anyelement" : type_name(type);
}

std::optional<Type> common_type(std::span<const ArgType> types) {
  std::optional<Type> common;
  for (const ArgType& arg : types) {
    if (arg.unknown || arg.type == common) continue;
    if (!common) {
      common = arg.type;
    } else if (category_of(*common) != category_of(arg.type) || is_array(arg.type) ||
               category_of(*common) == Category::kOther) {
      return std::nullopt;
    } else if (!is_preferred(*common) && casts_implicitly(*common, arg.type)) {
      common = arg.type;
    }
  }
  return common ? common : Type::kText;
}

bool is_function_name(std::string_view name) { return !functions_named(name).empty(); }

std::vector<std::string> callable_names() {
  std::vector<std::string> names;
  for (const Function* function : functions()) {
    const std::string_view name = function->name;
    const bool plain = !is_operator(name) && name.find(' ') == std::string_view::npos;
    if (plain && function->kernel) names.emplace_back(name);
  }
  for (const AggregateFunction& function : aggregate_functions()) names.emplace_back(function.name);
  return names;
}

}  // namespace millrace
