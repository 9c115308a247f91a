#pragma once

/// `group_by` and aggregates over event-time windows, append mode: exactly one row per (group,
/// window), when the watermark closes it (semantics R11, R24). Prepare computes keys and
/// arguments; apply judges lateness record by record, folds, and fires windows in order, each
/// released by the record whose time moved the watermark over its end.

#include "expr/compile.h"
#include "pipeline/group_blocks.h"
#include "pipeline/stage.h"

namespace millrace {

struct WindowPlan {
  GroupedSelect select;
  std::vector<std::string> group_names;
  Slicer slicer = Slicer::whole_stream();
  bool windowed = true;  ///< False: whole stream, one row per group at the end.
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
  void make_shapes();
  void write_keys(Work& work) const;
  void start_range(Work& work) const;
  void fold_range(Work& work, Selection rows, size_t first, const EventTime* w, Range range);
  void place_row(Work& work, Fold& fold, uint32_t row, size_t i, EventTime w);
  void update(Work& work);
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto);
  void fire(Work& work, const Span& window, uint32_t release);
  void pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places);
  void count(const Work& work, const Chunk& chunk, uint32_t begin, uint32_t end, uint64_t reached);
  void finish_rows(Work& work) const;
  void add_late(Work& work, uint32_t row, EventTime w) const;
  void finish_late(Work& work) const;
  void write_key_text(const Work& work, uint32_t row, ByteBuffer& out) const;
  void add_failed_results(Work& work) const;
  void finish_errors(Work& work) const;

  StagePlan stage_;
  WindowPlan plan_;
  Shape stage_shape_;
  std::vector<uint32_t> shown_outputs_;  ///< Select entries that are not groups of the same name.
  WindowGroups groups_;
  GroupBlocks blocks_;
  EventTime watermark_ = kTimeNone;  ///< W_out.
  /// Without a window, groups live on behind the end; a later run shows them again only if
  /// something was folded since.
  bool changed_since_fired_ = false;
};

/// Hidden fields of `.late`, behind those of the record (R13).
inline constexpr std::string_view kLateContext[] = {"#key",        "#event_time", "#watermark", "#window_start",
                                                    "#window_end", "#late_by_ms", "#reason"};

}  // namespace millrace
