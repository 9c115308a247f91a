#pragma once

/// Aggregate functions: one table, a set of plain functions per entry. States are fixed-size slots
/// that the window operator owns (aligned to 16, never moved). Bytes behind a state (texts) belong
/// to it: every init is paired with one destroy.
/// Threads: none; a state belongs to one lane.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "columns/column.h"
#include "columns/schema.h"
#include "functions/function.h"

namespace millrace {

struct AggregateKernel {
  uint32_t state_bytes;
  uint32_t align;  ///< At most 16.
  void (*init)(std::byte* state);
  void (*destroy)(std::byte* state);
  /// Folds `argument` of the live rows, in their order; states[i] belongs to the row rows[i].
  /// NULLs are skipped. `argument` is null for count(*) and may be constant.
  void (*update)(std::byte* const* states, const Column* argument, Selection rows);
  /// `into` came first: float sums add left to right.
  void (*merge)(std::byte* into, const std::byte* from);
  /// Appends the result to `out` (of the result type; start with reset(type, 0)). A result that
  /// does not fit appends NULL and fails row out.size() - 1 in `errors`.
  void (*emit)(const std::byte* state, Column& out, RowErrors& errors);
  /// Appends the state's bytes: little-endian, stable within `state_version`.
  void (*encode)(const std::byte* state, std::string& out);
  /// Fills an initialised state from the front of `in` and removes what it read. False: `in` is
  /// not such a state.
  bool (*decode)(std::byte* state, std::string_view& in);
  /// Takes values back that were folded before, as update folds them: afterwards the state is as if
  /// they had never come. Null: this kernel cannot.
  void (*retract)(std::byte* const* states, const Column* argument, Selection rows) = nullptr;
};

struct AggregateFunction {
  std::string_view name;
  std::optional<Type> argument;  ///< None: count(*). kAny below takes every type.
  bool any_argument = false;     ///< count(x): any type; `argument` is then ignored.
  Type result;
  uint8_t state_version = 1;
  AggregateKernel kernel;
  std::string_view doc;
  std::string_view example;
  /// A function of the table that makes the result of what the state emits and of the call's other
  /// arguments, which are constants: `percentile_cont(0.5)`, `string_agg(x, ',')`. Empty: none.
  std::string_view finish = {};
  bool within_group = false;  ///< The argument stands in WITHIN GROUP (ORDER BY …).
  bool stamped = false;       ///< The argument comes packed with the record's event time.
  /// What to fold with where rows are replaced and deleted (tables, semantics R30), if `kernel`
  /// cannot retract: a larger state. Its result does not depend on the order of the rows. Null
  /// where `kernel` retracts, or where nothing does: then the rows that are left are folded anew.
  const AggregateKernel* over_table = nullptr;
};

/// The whole table; entries of one name are neighbours.
std::span<const AggregateFunction> aggregate_functions();
bool is_aggregate_name(std::string_view name);
/// The overload for an argument type (none: `count(*)`); null: there is none.
const AggregateFunction* find_aggregate(std::string_view name, std::optional<Type> argument);
/// Scalar functions of what states emit, for AggregateFunction::finish; their names hold a blank.
std::span<const Function> finish_functions();
std::span<const Function> ordered_functions();
/// What `aggregate(distinct x)` keeps instead: the set of values, which "fold …" of the function
/// table then runs through the aggregate.
const AggregateFunction& distinct_values(Type argument);
/// array_agg(distinct x), NULL an element too; null: there is no order of this type.
const AggregateFunction* distinct_array(Type argument);

}  // namespace millrace
