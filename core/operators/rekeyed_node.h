#pragma once

/// `table` over a table: its rows by another key. Of the rows that have one key, the one that
/// changed last is shown; when it goes, or gets another key, the one before it takes its place, and
/// only after the last one the key is deleted (semantics R30). The state is the rows of the table.

#include "operators/stored_fields.h"
#include "operators/table_changes_node.h"
#include "window/table_groups.h"

namespace millrace {

class RekeyedNode final : public TableChangesNode {
 public:
  /// `plan.input.groups`: the new key.
  RekeyedNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  void prepare(Chunk& chunk) const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return groups_.bytes(); }

 private:
  void change(Work& work, size_t i);
  void show_left(Work& work, TableGroups::Group& left, size_t i);

  TableGroups groups_;
  StoredFields stored_;
};

}  // namespace millrace
