#pragma once

/// `dedupe` (semantics R33). Prepare runs explode, filter and the id; apply judges lateness against
/// W - L record by record and passes the first record of each id, or keeps the last one until the
/// id is forgotten. `select` sees the rows that pass.

#include "nodes/late_records.h"
#include "nodes/result_rows.h"
#include "operators/grouped_input.h"
#include "operators/slice_blocks.h"
#include "operators/stored_fields.h"
#include "window/first_seen.h"
#include "window/last_seen.h"

namespace millrace {

struct DedupePlan {
  GroupedSelect id;  ///< Its groups are the id's fields; there is nothing else in it.
  ResultPlan result;
  DedupeConfig::Which which = DedupeConfig::Which::kFirst;
  int64_t keep_us = 0;
  int64_t allowed_lateness_us = 0;
  OperatorConfig::Late late = OperatorConfig::Late::kStream;

  /// The rows that `select` sees: the stage's, or those kept of them.
  static Shape made(const Shape& input, const StagePlan& stage, DedupeConfig::Which which);
};

class DedupeNode final : public Node {
 public:
  DedupeNode(std::string name, std::vector<Input> inputs, StagePlan stage, DedupePlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return first_.bytes() + last_.bytes(); }

 private:
  struct Work;
  bool keeps_last() const { return plan_.which == DedupeConfig::Which::kLast; }
  EventTime behind(EventTime w) const {
    return w == kTimeMax ? kTimeMax : saturating_sub(w, plan_.allowed_lateness_us);
  }
  void judge(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut, const EventTime* w,
             Range places);
  bool take(Work& work, uint32_t i, EventTime w);
  void hand_out(Work& work, EventTime w, uint32_t release);
  void finish_first(Work& work);
  void finish_last(Work& work);
  void finish(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut);
  void pass_watermark(Work& work, const EventTime* w, Range places);
  std::string row_bytes(const Work& work, uint32_t row) const;
  bool restore_round(const SliceBlocks::Stored& stored, const StoredFields::Conversion& conversion);

  DedupePlan plan_;
  std::optional<ExplodePlan> explode_;
  GroupedInput input_;
  ResultRows results_;
  LateRecords late_;
  std::vector<bool> kept_;  ///< Of the stage's fields: those whose values outlive the chunk.
  FirstSeen first_;
  LastSeen last_;
  StoredFields stored_;  ///< Those fields, of `which: last`.
  SliceBlocks blocks_;
  EventTime input_watermark_ = kTimeNone, watermark_ = kTimeNone;
};

}  // namespace millrace
