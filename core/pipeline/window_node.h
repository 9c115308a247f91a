#pragma once

/// `group_by` and aggregates over event-time windows or the whole stream. Prepare computes keys and
/// arguments; apply judges lateness record by record, folds, and fires in order, each row tagged
/// with the record that released it.
/// append: exactly one row per (group, window), when the watermark closes it (semantics R11, R24).
/// update: what changed, behind each record or at each trigger, and a final row at close (R25).
/// complete: the whole result at each trigger; windows that closed stay in it, in a store of their
/// own, because slices that they share with open windows go on changing (R26).

#include "pipeline/emit_timer.h"
#include "pipeline/grouped_input.h"
#include "pipeline/grouped_output.h"
#include "pipeline/late_rows.h"

namespace millrace {

struct WindowPlan {
  GroupedPlan grouped;
  Slicer slicer = Slicer::whole_stream();
  EmitConfig emit;
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
  bool goes_by_clock() const override { return plan_.emit.trigger == Trigger::kClock; }

  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return groups_.bytes() + sent_.bytes() + kept_.bytes(); }
  void seal_closed() override { groups_.seal_closed(); }

 private:
  struct Work;
  struct Fold;
  using Mode = EmitConfig::Mode;
  using Trigger = EmitConfig::Trigger;
  void start_range(Work& work) const;
  // window_fold.cc
  void fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w, Range range);
  void advance(Work& work, Fold& fold, uint32_t upto);
  void place_row(Work& work, Fold& fold, size_t i, EventTime w);
  void fold(Work& work);
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto);
  void close(Work& work, const Span& window, uint32_t release);
  void fire(Work& work, const Span& window, std::vector<WindowGroups::ClosedGroup> groups, uint32_t release,
            EventTime now, bool final);
  // window_trigger.cc
  void find_triggers(Work& work, const GroupedInput::Cut& cut);
  void clock_trigger(Work& work, int64_t clock_us, uint32_t release);
  void record_trigger(Work& work, size_t i, EventTime w);
  void trigger(Work& work, uint32_t release, EventTime now);
  void end_trigger(Work& work, uint32_t release);
  void snapshot(Work& work, uint32_t release, EventTime now);
  void keep(const Span& window);
  // window_output.cc
  void pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places);
  void count(const Work& work, const Chunk& chunk, const GroupedInput::Cut& cut);
  Result<void> finish_rows(Work& work);
  void add_late(Work& work, uint32_t row, EventTime w) const;
  void finish_errors(Work& work) const;

  WindowPlan plan_;
  GroupedInput input_;
  GroupedOutput output_;
  WindowGroups groups_;
  GroupBlocks blocks_;
  LastEmissions sent_;  ///< update.
  WindowGroups kept_;   ///< complete: closed windows, a slice each, starting at the window's end.
  GroupBlocks kept_blocks_;
  EventTime watermark_ = kTimeNone;  ///< W_out.
  /// Something was folded since the last result. append without a window and complete show only
  /// what is new: groups live on behind the end of input, and a later run must not repeat it.
  bool changed_since_fired_ = false;
  EmitTimer timer_;
  int64_t snapshots_ = 0;          ///< Frames sent so far.
};

}  // namespace millrace
