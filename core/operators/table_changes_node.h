#pragma once

/// What the nodes that make or change a table do alike: rows of the input become changes of keys in
/// log order, each change a row of the output; a NULL in a new key is an error. What a change does
/// to the state is each node's own.

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

class TableChangesNode : public Node {
 public:
  bool parallel() const override { return false; }
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override {
    return inputs()[0].node->watermarks(chunk);
  }
  EventTime watermark() const override { return inputs()[0].node->watermark(); }

 protected:
  struct Work : NodeWork {
    TableInput::Work in;
    ChangeRows::Work rows;
    std::vector<const Column*> cells;
    ErrorRows error_rows;
    ByteArena error_bytes;
    std::vector<FailedRow> failed;
    uint64_t nulls = 0;
  };

  /// `layout`: of the blocks.
  TableChangesNode(std::string name, std::vector<Input> inputs, StagePlan stage, TablePlan plan,
                   std::string_view layout);

  void make(Work& work) const;
  /// Before the changes of a range.
  void start(Work& work) const;
  /// False: a part of the row's key is NULL. That is an error, and the row changes nothing.
  bool has_key(Work& work, uint32_t row) const;
  /// Behind them: the output is complete, and its live rows are chosen.
  void finish(Work& work, const Chunk& chunk, const TableInput::Cut& cut);

  TablePlan plan_;
  std::optional<ExplodePlan> explode_;  ///< Of the stage, for demand().
  TableInput input_;
  ChangeRows changes_;
  KeyedBlocks blocks_;
};

}  // namespace millrace
