#pragma once

/// `group_by` and aggregates over event-time windows, append mode: exactly one row per (group,
/// window), when the watermark closes it (semantics R11, R24). Prepare computes keys and
/// arguments; apply judges lateness record by record, folds, and fires windows in order, each
/// released by the record whose time moved the watermark over its end.

#include "pipeline/group_blocks.h"
#include "pipeline/grouped_input.h"
#include "pipeline/grouped_output.h"
#include "pipeline/late_rows.h"

namespace millrace {

/// Without windows (`grouped.windowed` false): one row per group at the end.
struct WindowPlan {
  GroupedPlan grouped;
  Slicer slicer = Slicer::whole_stream();
  int64_t allowed_lateness_us = 0;
  OperatorConfig::Late late = OperatorConfig::Late::kStream;
};

class WindowNode final : public Node {
 public:
  WindowNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan);

  std::unique_ptr<NodeWork> make_work() const override;
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return groups_.bytes(); }
  void seal_closed() override { groups_.seal_closed(); }

 private:
  struct Work;
  struct Fold;
  void start_range(Work& work) const;
  void fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w, Range range);
  void place_row(Work& work, Fold& fold, size_t i, EventTime w);
  void fold(Work& work);
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto);
  void fire(Work& work, const Span& window, uint32_t release);
  void pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places);
  void count(const Work& work, const Chunk& chunk, const GroupedInput::Cut& cut);
  void finish_rows(Work& work) const;
  void add_late(Work& work, uint32_t row, EventTime w) const;
  void finish_errors(Work& work) const;

  WindowPlan plan_;
  GroupedInput input_;
  GroupedOutput output_;
  WindowGroups groups_;
  GroupBlocks blocks_;
  EventTime watermark_ = kTimeNone;  ///< W_out.
  /// Without a window, groups live on behind the end; a later run shows them again only if
  /// something was folded since.
  bool changed_since_fired_ = false;
};

}  // namespace millrace
