#pragma once

/// What makes a table (semantics R29, R30). `table` over a stream: upserts by key, or deletes where
/// `delete` says so. `filter` and `select` over a table: a row that is not passed deletes what was
/// sent of its key. A delete of a key that is not there is not told.
/// The output is the table's changes in log order; the state is the keys that are there.
/// Join as of event time read another port, with all deletes: versions go by event time, so one
/// counts even if what it deletes has not come yet.

#include "operators/table_changes_node.h"

namespace millrace {

class TableNode final : public TableChangesNode {
 public:
  TableNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return keys_.bytes(); }

 private:
  struct Work;
  void change(Work& work, size_t i);
  bool ends(const Work& work, uint32_t row) const;
  void choose_told(Work& work);

  std::optional<uint32_t> final_;  ///< The input's field that says that no row of this key follows.
  KeyedRows<KeyedRow> keys_;
};

}  // namespace millrace
