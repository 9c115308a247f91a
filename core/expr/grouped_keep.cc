#include "expr/grouped_keep.h"

namespace millrace {

std::string ArgumentPacking::key_of(const JsonValue& tree) const {
  std::string key = canonical_tree(tree);
  if (as) key += " as " + std::string(type_name(*as));
  if (stamped) key += " stamped";
  for (const SortKey& sort : order) {
    key += sort.descending ? " falling" : " rising";
    key += (sort.nulls_first ? " first " : " last ") + canonical_tree(*sort.tree);
  }
  return key;
}

Compiled<Program> ArgumentPacking::bind(Binder& binder) const {
  if (stamped) return binder.bind_stamped();
  if (!order.empty()) return binder.bind_ordered(as, order);
  return as && as != Type::kBool ? binder.bind_as(*as) : binder.bind(as);
}

bool keep_distinct(const AggregateFunction& function, std::optional<Type> type,
                   GroupedSelect::Call& call, Scope::Subtree& column) {
  const std::string_view name = function.name;
  if (name == "min" || name == "max" || name == "bool_and" || name == "bool_or" ||
      name == "every" || name == "approx_count_distinct") {
    return true;  // It changes nothing.
  }
  if (!type || type == Type::kJsonb || type == array_of(Type::kJsonb) || function.stamped ||
      name == "mode" || name.starts_with("approx_"))
    return false;
  if (name == "array_agg" || name == "jsonb_agg") {
    call.function = distinct_array(*type);
    if (name == "jsonb_agg") column.finish = "to_jsonb";
    return call.function != nullptr;
  }
  call.function = &distinct_values(*type);
  if (!column.finish.empty()) return true;  // Reads a list of values, which the set is.
  column.finish = "fold " + std::string(type_name(function.result));
  column.words = {std::string(name), std::string(type_name(*type))};
  return true;
}

std::string keep_ordered(const GroupedCall& read, std::optional<Type> type,
                         GroupedSelect::Call& call, Scope::Subtree& column) {
  const bool texts = read.name == "string_agg", json = read.name == "jsonb_agg";
  if (!texts && !json && read.name != "array_agg")
    return "() has no ORDER BY: it does not depend on the order, or goes by the records'";
  if (read.distinct && (read.order.size() != 1 ||
                        canonical_tree(*read.order[0].tree) != canonical_tree(*read.argument)))
    return "(distinct … order by …) can be ordered by its argument only";
  call.function =
      read.distinct ? &distinct_values(Type::kText) : find_aggregate("string_agg", Type::kText);
  column.words = {read.distinct ? "distinct" : ""};
  column.finish = texts ? "ordered texts" : "ordered json";
  if (json) column.words.emplace_back(type_name(*type));
  if (!texts && !json) column.finish = "ordered " + std::string(type_name(*type));
  return "";
}

}  // namespace millrace
