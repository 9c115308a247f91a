#pragma once

/// The last step of an operator that makes rows of its own (joins, dedupe, tables): `filter` and
/// `select` over the rows it made. A row that fails there is a result, no input: it goes to
/// `.errors` and stands in no other column of the ledger (as R47 has it for windows).
/// Threads: the applying one.

#include "nodes/error_rows.h"
#include "nodes/stateless_node.h"

namespace millrace {

struct ResultPlan {
  std::optional<Program> filter;
  std::optional<SelectPlan> select;
};

class ResultRows {
 public:
  struct Work {
    std::vector<Scratch> scratch;
    Scratch filter_scratch;
    RowErrors errors;
    ByteArena bytes;
  };

  /// `made`: the rows that the operator makes.
  ResultRows(ResultPlan plan, Shape made);

  Shape shape() const;
  const Shape& made() const { return made_; }
  bool selects() const { return plan_.select.has_value(); }
  void make(Work& work) const {
    work.scratch.resize(plan_.select ? plan_.select->programs.size() : 0);
  }
  /// Marks the made fields that are needed for the fields `wanted` of shape().
  void demand(const std::vector<bool>& wanted, std::vector<bool>& made_wanted) const;
  /// Fills `out` from the rows made; failed ones are added to `failed`.
  void finish(Work& work, const Rows& made, Selection live, Rows& out,
              std::vector<FailedRow>& failed) const;

 private:
  ResultPlan plan_;
  Shape made_;
  std::vector<uint32_t> shown_keys_;  ///< Made fields that go on as hidden ones behind a select.
};

}  // namespace millrace
