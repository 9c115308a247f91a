#pragma once

/// The `on` of a join, split as a planner must: equalities between the two sides become keys, the
/// rest is a residual filter over the joined row.
/// Threads: any.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/error.h"
#include "expr/program.h"

namespace millrace {

struct JoinSide {
  std::string_view name;  ///< Its fields are `name.field`, or bare where only this side has them.
  const Schema* schema;
};

struct JoinCondition {
  std::vector<Program> left, right;  ///< Each over its own side's schema; as many, of equal types.
  std::optional<Program> residual;   ///< Over `joined`, bool.
};

/// Refused without an equality whose sides read one input each. `joined` names every field as
/// expressions over the joined row may.
Compiled<JoinCondition> compile_join_condition(std::string_view text, const JoinSide& left,
                                               const JoinSide& right, const Schema& joined);

}  // namespace millrace
