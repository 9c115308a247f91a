#pragma once

/// Two tables joined by the key that both have, as one table by that key (semantics R29, R30): a
/// change of either side makes, replaces or deletes the joined row of its key. A row that `filter`
/// stops to pass, or that has lost the partner that its type of join asks for, is deleted iff it
/// was told before. A row that cannot be computed is an error and changes nothing.
/// The state is what is needed of both tables' rows.

#include <memory>

#include "nodes/change_rows.h"
#include "nodes/merged_watermark.h"
#include "operators/keyed_blocks.h"
#include "operators/pair_node.h"

namespace millrace {

struct TableJoinPlan {
  PairPlan pair;              ///< Keys, type; its result is empty.
  ResultPlan result;          ///< Over the joined row.
  std::vector<Field> fields;  ///< Of an upsert: `select`, else the visible joined fields.
  std::vector<uint32_t> key;  ///< Which of the fields are the key, in the order of the keys.
};

class TableJoinNode final : public PairNode {
 public:
  TableJoinNode(std::string name, std::vector<Input> inputs, JoinedRows joined, TableJoinPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return pairs_.bytes() + row_bytes_; }

 private:
  using Row = std::shared_ptr<const std::string>;
  struct Pair : KeyedRow {
    Row side[2];
    bool told = false;  ///< Readers have a row of this key.
  };
  /// What a change does to the joined row of its key.
  struct Event {
    Pair* pair;
    uint32_t joined;  ///< Its row in work.joined; kGone: there is none any more.
    uint32_t record;
    EventTime time;
  };
  static constexpr uint32_t kGone = UINT32_MAX;
  struct Work;

  bool shows(const Pair& pair) const;
  void take(Work& work, size_t side, uint32_t i);
  void compute(Work& work);
  void tell(Work& work);
  void drop_empty(Work& work);

  ResultPlan result_;
  ChangeRows changes_;
  KeyedRows<Pair> pairs_;
  KeyedBlocks pair_blocks_;
  InputWatermarks merged_{2};
  std::optional<uint32_t> op_[2];  ///< Field of a side that says "delete".
  size_t row_bytes_ = 0;
};

}  // namespace millrace
