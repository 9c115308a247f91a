#pragma once

/// What makes a table (semantics R29, R30). `table` over a stream: upserts by key, or deletes where
/// `delete` says so. `filter` and `select` over a table: a row that is not passed deletes what was
/// sent of its key. A delete of a key that is not there is not told.
/// The output is the table's changes in log order; the state is the keys that are there.
/// Join as of event time read another port, with all deletes: versions go by event time, so one
/// counts even if what it deletes has not come yet.

#include "nodes/change_rows.h"
#include "operators/keyed_blocks.h"
#include "operators/table_input.h"

namespace millrace {

struct TablePlan {
  GroupedSelect input;  ///< Groups: the key, if the input is a stream. Arguments: `select`.
  std::optional<Program> deletes;
  std::vector<Field> fields;           ///< Of an upsert.
  std::vector<uint32_t> from;          ///< Without `select`: the stage's field of each.
  std::vector<uint32_t> key;           ///< Which of the fields are the key.
  std::optional<uint32_t> final_mark;  ///< Which of the fields is, if it is shown.
  bool selects = false;
  bool versions = false;  ///< Somebody reads Port::kVersions.
};

class TableNode final : public Node {
 public:
  TableNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override {
    return inputs()[0].node->watermarks(chunk);
  }
  EventTime watermark() const override { return inputs()[0].node->watermark(); }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return keys_.bytes(); }

 private:
  struct Work;
  void change(Work& work, size_t i);
  void refuse_null(Work& work, uint32_t row) const;
  bool ends(const Work& work, uint32_t row) const;
  void finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut);

  TablePlan plan_;
  std::optional<ExplodePlan> explode_;
  TableInput input_;
  ChangeRows changes_;
  std::optional<uint32_t> final_;  ///< The input's field that says that no row of this key follows.
  KeyedRows<KeyedRow> keys_;
  KeyedBlocks blocks_;
};

}  // namespace millrace
