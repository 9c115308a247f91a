#pragma once

/// What every grouped operator does with groups that fire: one row per group, in the one order of
/// results (semantics R49: window end, window start, group order), `having` and `select` over it.
/// Firing only appends to the derived columns; finish() computes everything once per range, column
/// by column. A result that does not fit leaves by `.errors` as the row that it would have been
/// (R47).
/// Threads: the applying one.

#include "expr/compile.h"
#include "pipeline/error_rows.h"
#include "pipeline/node.h"
#include "window/aggregate_layout.h"
#include "window/slicer.h"

namespace millrace {

struct GroupedPlan {
  GroupedSelect select;
  std::vector<std::string> group_names;
  bool windowed = true;  ///< Rows begin with window_start and window_end.
};

/// A group whose result is due. `key` and `state` are read by fire() only.
struct FiredGroup {
  std::string_view key;
  const std::byte* state;
  Span window;     ///< As shown; unused without windows.
  EventTime time;  ///< The row's event time (R19).
};

class GroupedOutput {
 public:
  struct Work {
    std::vector<Column> derived;
    std::vector<const Column*> derived_view;
    std::vector<Scratch> output_scratch;
    Scratch having_scratch;
    RowErrors emit_errors, output_errors;
    std::vector<RowError> emit_failures;
    ByteArena keys;        ///< Of fired groups; texts of the derived columns point here.
    ByteArena bytes;       ///< Of failed results.
    size_t failed_results = 0;
  };

  /// `plan` must outlive this.
  explicit GroupedOutput(const GroupedPlan& plan);

  /// Rows of the main port: visible fields, then the hidden event_time().
  Shape shape() const;
  /// Once per work.
  void make(Work& work) const;
  /// Before the first firing of a range.
  void start(Work& work, Rows& out) const;
  /// Appends a row per group, sorted; `release` is the record that made them due. Releases rise.
  void fire(Work& work, std::vector<FiredGroup>& groups, const AggregateLayout& layout, uint32_t release,
            Rows& out) const;
  /// Behind the last firing of a range: `out` can be read. `out_shape`: of the main port.
  void finish(Work& work, const Shape& out_shape, Rows& out) const;
  /// The rows that failed in finish().
  void add_failed(Work& work, const Shape& out_shape, const Rows& out, std::vector<FailedRow>& failed) const;

 private:
  std::vector<uint32_t> order_of(const std::vector<FiredGroup>& groups) const;

  const GroupedPlan& plan_;
  std::vector<uint32_t> shown_outputs_;  ///< Select entries that are not groups of the same name.
};

}  // namespace millrace
