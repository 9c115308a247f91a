// What aggregates need of the binder: arguments that carry more than a value, and results made of
// what a state emits.

#include "columns/order_key.h"
#include "expr/binder.h"

namespace millrace {

Compiled<Program> Binder::bind_stamped() {
  Bound bound = expression(expression_.tree);
  if (!bound) return error_;
  const uint32_t place = bound->place;
  Bound time = record_function("event_time", place);
  if (time) bound = apply("stamped value", {std::move(*time), std::move(*bound)}, place);
  return finish(time ? std::move(bound) : std::nullopt);
}

Compiled<Program> Binder::bind_ordered(std::optional<Type> type,
                                       const std::vector<SortKey>& order) {
  Bound value = expression(expression_.tree);
  if (value && (type || value->unknown))
    value = coerce(*value, type.value_or(Type::kText), false, value->place);
  if (!value) return error_;
  const uint32_t place = value->place;
  std::vector<uint32_t> children = {settled(std::move(*value)).node};
  for (const SortKey& sort : order) {
    Bound key = expression(*sort.tree);
    if (key && key->unknown) key = coerce(*key, Type::kText, false, key->place);
    if (key && !has_order(key->type)) {
      key = fail(key->place, "ORDER BY in an aggregate needs values that have an order, not jsonb",
                 "take a part of it with ->> and cast that");
    }
    if (!key) return error_;
    children.push_back(settled(std::move(*key)).node);
    const int64_t direction = (sort.descending ? 1 : 0) | (sort.nulls_first ? 2 : 0);
    children.push_back(builder_.int_constant(direction, Type::kInt4, place));
  }
  const std::vector<ArgType> types = {{Type::kText, false}};
  const Function& pack = *resolve_function("ordered value", types).function;
  return finish(made(builder_.call(pack, std::move(children), place), place));
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

}  // namespace millrace
