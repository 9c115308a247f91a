#pragma once

/// `group_by` and aggregates over a table (semantics R30): each change takes the old row out of its
/// group and puts the new one in, as one step; the group that was left shows first. A group whose
/// last row went is deleted. When what changed is shown is as for any grouped operator (R24 to
/// R28). Aggregates that cannot take a value back fold the rows that are left anew, in the order of
/// their last changes.

#include "operators/emit_timer.h"
#include "operators/grouped_output.h"
#include "operators/sent_groups.h"
#include "operators/table_input.h"
#include "window/table_groups.h"

namespace millrace {

struct TableGroupsPlan {
  GroupedPlan grouped;
  EmitConfig emit;
};

class TableGroupsNode final : public Node {
 public:
  TableGroupsNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                  TableGroupsPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override {
    return inputs()[0].node->watermarks(chunk);
  }
  EventTime watermark() const override { return inputs()[0].node->watermark(); }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return groups_.bytes() + sent_.bytes(); }

 private:
  struct Work;
  using Mode = EmitConfig::Mode;
  /// The functions with the kernels that they use over a table.
  static std::vector<AggregateFunction> table_functions(const GroupedSelect& select);
  static AggregateLayout layout_of(const std::vector<AggregateFunction>& functions);
  static bool any_refolds(const std::vector<AggregateFunction>& functions);

  void change(Work& work, size_t i);
  std::string member_row(const Work& work, uint32_t row) const;
  void fold(TableGroups::Group& group, const std::string& row, bool add);
  void refold(TableGroups::Group& group);
  void read_row(const std::string& row);
  // table_groups_emit.cc
  void group_changed(Work& work, const std::string& key, uint32_t record, EventTime now);
  void show(Work& work, const std::vector<std::string>& keys, uint32_t release, EventTime now);
  void show_all(Work& work, uint32_t release, EventTime now);
  void trigger(Work& work, uint32_t release, EventTime now);
  void end(Work& work, uint32_t release);
  FiredGroup fired(const std::string& key, EventTime now);
  void fire(Work& work, std::vector<FiredGroup> due, FiringKind kind, uint32_t release);
  Result<void> finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut);

  TableGroupsPlan plan_;
  std::vector<AggregateFunction> functions_;
  TableInput input_;
  GroupedOutput output_;
  TableGroups groups_;
  KeyedBlocks blocks_;
  SentGroups sent_;
  EmitTimer timer_;
  std::vector<Column> arguments_;  ///< One row: of the member at hand.
  std::vector<uint8_t> passes_;    ///< Per filter.
  bool changed_since_shown_ = false;
  int64_t snapshots_ = 0;
};

}  // namespace millrace
