#pragma once

/// How the values of an aggregate call are kept where DISTINCT or ORDER BY asks for more than the
/// aggregate's own state. Private to this room.

#include <optional>
#include <string>
#include <vector>

#include "expr/binder.h"
#include "expr/compile.h"
#include "expr/grouped_call.h"

namespace millrace {

/// What an argument carries besides its value.
struct ArgumentPacking {
  std::optional<Type> as = std::nullopt;  ///< It is brought to this type.
  bool stamped = false;                   ///< With the record's event time.
  std::vector<SortKey> order = {};        ///< With these keys.

  /// Equal for equal programs over the tree.
  std::string key_of(const JsonValue& tree) const;
  Compiled<Program> bind(Binder& binder) const;
};

/// DISTINCT: the set of values is kept, and the aggregate runs over it when a row is emitted.
bool keep_distinct(const AggregateFunction& function, std::optional<Type> type,
                   GroupedSelect::Call& call, Scope::Subtree& column);
/// ORDER BY: the values are kept with their keys, and sorted when a row is emitted. What is wrong
/// with it, else nothing.
std::string keep_ordered(const GroupedCall& read, std::optional<Type> type,
                         GroupedSelect::Call& call, Scope::Subtree& column);

}  // namespace millrace
