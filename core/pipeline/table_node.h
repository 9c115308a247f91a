#pragma once

/// `table` (semantics R29, R30): reads a stream as upserts by key. A row is the new value of its key;
/// one for which `delete` is true deletes it; of a key that is not there that is not told (R30).
/// Its output is the table's changes in log order: `op` in front, NULL (and left out) for an upsert;
/// a delete carries `op` and the key, other fields NULL.

#include <unordered_map>

#include "pipeline/grouped_input.h"
#include "pipeline/result_rows.h"
#include "pipeline/slice_blocks.h"

namespace millrace {

struct TablePlan {
  GroupedSelect key;  ///< Groups: the key's fields; the filter, if there is one: `delete`.
  std::vector<uint32_t> key_fields;  ///< Of the stage.
  ResultPlan result;
  /// An as-of join reads it: versions go by event time, so a delete counts even if what it deletes
  /// has not come yet.
  bool passes_all_deletes = false;

  /// The rows that `select` sees: the stage's visible fields and event_time().
  static Shape made(const Shape& stage);
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
  const EventTime* watermarks(const Chunk& chunk) const override { return inputs()[0].node->watermarks(chunk); }
  EventTime watermark() const override { return inputs()[0].node->watermark(); }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return key_bytes_ + keys_.size() * kKeyBytes; }

 private:
  struct Work;
  /// A key that was ever there. Deleted ones stay known, so the state grows with the keys, not with
  /// their changes.
  struct Key : SliceRow {
    const std::string* key = nullptr;
    bool there = false;
  };
  static constexpr size_t kKeyBytes = 160;
  bool change(std::string_view key, bool deletes);
  void refuse_null(Work& work, uint32_t row) const;
  void push(Work& work, uint32_t row, bool deletes);
  void write_records(Work& work) const;
  void finish(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut);

  TablePlan plan_;
  std::optional<ExplodePlan> explode_;
  GroupedInput input_;
  ResultRows results_;
  SliceBlocks blocks_;
  std::vector<bool> made_wanted_;
  TimeSlices<Key> slices_;
  std::unordered_map<std::string, Key*> keys_;
  size_t key_bytes_ = 0;
};

}  // namespace millrace
