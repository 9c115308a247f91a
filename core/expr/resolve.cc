#include "expr/resolve.h"

#include <algorithm>
#include <cctype>

#include "expr/aggregate.h"

namespace millrace {
namespace {

struct Candidate {
  const Function* function;
  int exact = 0;
  int cost = 0;  ///< int4 → int8 is nearer than → float8.
};

bool is_numeric(Type type) {
  return type == Type::kInt4 || type == Type::kInt8 || type == Type::kFloat8;
}

int cast_cost(Type to) {
  return to == Type::kFloat8 ? 2 : 1;
}

bool is_operator(std::string_view name) {
  return !std::isalpha(static_cast<unsigned char>(name[0]));
}

/// How `function` takes the arguments; nullopt: not at all.
std::optional<Candidate> fit(const Function& function, std::span<const ArgType> args) {
  Candidate candidate{&function};
  if (function.any_args) return candidate;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].unknown) continue;
    if (args[i].type == function.args[i]) {
      ++candidate.exact;
    } else if (casts_implicitly(args[i].type, function.args[i])) {
      candidate.cost += cast_cost(function.args[i]);
    } else {
      return std::nullopt;
    }
  }
  return candidate;
}

/// PostgreSQL first assumes that an operator's literal has the type of the other side.
const Function* with_other_side(const std::vector<Candidate>& candidates,
                                std::span<const ArgType> args) {
  if (args.size() != 2 || args[0].unknown == args[1].unknown) return nullptr;
  const Type known = args[0].unknown ? args[1].type : args[0].type;
  for (const Candidate& candidate : candidates) {
    const Function& function = *candidate.function;
    if (function.args[0] == known && function.args[1] == known) return &function;
  }
  return nullptr;
}

/// Literals prefer text; where only numbers fit, float8 is the preferred type.
const Function* by_literals(const std::vector<Candidate>& candidates, std::span<const ArgType> args,
                            std::string_view name) {
  for (const Type preferred : {Type::kText, Type::kFloat8}) {
    if (preferred == Type::kFloat8 && is_operator(name)) break;
    for (const Candidate& candidate : candidates) {
      bool all = true;
      for (size_t i = 0; i < args.size(); ++i) {
        if (args[i].unknown) all = all && candidate.function->args[i] == preferred;
      }
      if (all) return candidate.function;
    }
  }
  return nullptr;
}

}  // namespace

bool casts_implicitly(Type from, Type to) {
  const Function* cast = find_cast(from, to);
  return cast && cast->cast == Cast::kImplicit;
}

bool cast_is_free(Type from, Type to) {
  return (from == Type::kInt4 && to == Type::kInt8) || (from == Type::kJsonb && to == Type::kText);
}

const Function* find_cast(Type from, Type to) {
  for (const Function* function : functions()) {
    if (function->cast != Cast::kNone && function->args[0] == from && function->result == to) {
      return function;
    }
  }
  return nullptr;
}

Resolution resolve_function(std::string_view name, std::span<const ArgType> args) {
  std::vector<Candidate> candidates;
  for (const Function* function : functions()) {
    if (function->name != name || function->cast != Cast::kNone) continue;
    if (function->arg_count != args.size() || !function->kernel) continue;
    if (const auto candidate = fit(*function, args)) candidates.push_back(*candidate);
  }
  if (candidates.empty()) return {};
  if (const Function* function = with_other_side(candidates, args)) return {function};
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.exact != b.exact ? a.exact > b.exact : a.cost < b.cost;
  };
  std::stable_sort(candidates.begin(), candidates.end(), better);
  if (candidates.size() == 1 || better(candidates[0], candidates[1])) {
    return {candidates[0].function};
  }
  const Function* function = by_literals(candidates, args, name);
  return {function, function == nullptr};
}

std::optional<Type> common_type(std::span<const ArgType> types) {
  std::optional<Type> common;
  for (const ArgType& arg : types) {
    if (arg.unknown || arg.type == common) continue;
    if (!common) {
      common = arg.type;
    } else if (is_numeric(*common) && is_numeric(arg.type)) {
      if (casts_implicitly(*common, arg.type)) common = arg.type;
    } else {
      return std::nullopt;
    }
  }
  return common ? common : Type::kText;
}

bool is_function_name(std::string_view name) {
  const auto all = functions();
  return std::any_of(all.begin(), all.end(),
                     [&](const Function* function) { return function->name == name; });
}

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
