#pragma once

/// What all operators with aggregates do alike, whatever their windows: prepare computes keys and
/// arguments; apply judges lateness record by record, folds, and fires in order, each row tagged
/// with the record that released it. Which windows a record feeds, when they are due and what they
/// hold is the derived node's: WindowNode (slices of time), SessionNode, SlidingNode.
/// append: exactly one row per (group, window), when the watermark closes it (semantics R11, R24).
/// update: what changed, behind each record or at each trigger, and a final row at close (R25).
/// complete: the whole result at each trigger (R26).

#include "nodes/late_rows.h"
#include "operators/emit_timer.h"
#include "operators/grouped_input.h"
#include "operators/grouped_output.h"
#include "operators/meta_number.h"

namespace millrace {

struct WindowPlan {
  GroupedPlan grouped;
  EmitConfig emit;
  int64_t allowed_lateness_us = 0;
  OperatorConfig::Late late = OperatorConfig::Late::kStream;
};

class GroupedNode : public Node {
 public:
  bool parallel() const override { return false; }
  void prepare(Chunk& chunk) const override;
  bool prepares_ahead() const override { return inputs_parallel_; }
  Result<void> apply(Chunk& chunk, Range range) override;
  void demand(size_t input, std::vector<bool>& wanted) const override;
  void set_wanted(std::vector<bool> wanted) override;
  const EventTime* watermarks(const Chunk& chunk) const override;
  EventTime watermark() const override { return watermark_; }
  std::optional<OpenWork> open_work() const override;
  bool goes_by_clock() const override { return plan_.emit.trigger == Trigger::kClock; }

  /// Both derived nodes' and this one's part of the state go into one object.
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;

 protected:
  struct Work;
  struct Fold;
  using Mode = EmitConfig::Mode;
  using Trigger = EmitConfig::Trigger;
  GroupedNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan);
  void make(Work& work) const;

  // What windows are. `work` is the one that the derived node made.
  /// The watermark at which the next window may fire. False: nothing is open.
  virtual bool next_due(EventTime& closes_at) const = 0;
  /// The live rows of the cut in their order: advance() before each, then fold it or call it late.
  virtual void fold_rows(Work& work, Fold& fold, const GroupedInput::Cut& cut) = 0;
  /// Fires and closes all that `w` closes, and sets fold.due and fold.next_close anew. `upto`: the
  /// record in front of which W stands there.
  virtual void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) = 0;
  /// update: shows what changed since the last trigger.
  virtual void show_changed(Work& work, uint32_t release, EventTime now) = 0;
  virtual bool any_changed() const = 0;
  /// complete: fires everything there is, closed windows included. False: it is more than
  /// complete_max_rows, and `rows` says how much.
  virtual bool show_all(Work& work, uint32_t release, EventTime now, uint64_t& rows) = 0;
  /// complete: results of closed windows that end at `end` or before leave the whole result.
  virtual void forget_closed(EventTime end) = 0;
  /// How many windows are open, for people.
  virtual uint64_t open_windows() const = 0;
  /// W came to `w` behind a range, and what was due is fired: what it closes is past, also where
  /// nothing was. Said for each range, lest what is saved depends on where batches end.
  virtual void pass(EventTime) {}
  /// The rows of a range are computed: what they pointed to may go.
  virtual void rows_done(Work&) {}

  // For the derived nodes, grouped_fold.cc.
  /// Fires what is due before the record `upto`.
  void advance(Work& work, Fold& fold, uint32_t upto);
  /// The record that released what closes at `closes_at`: the first behind which W had reached it.
  static uint32_t release_of(const Fold& fold, EventTime closes_at, uint32_t upto);
  void set_next_due(Fold& fold) const;
  /// Folds the collected rows.
  void fold(Work& work);
  /// `w`: W as it stands where the snapshot is made.
  void snapshot(Work& work, uint32_t release, EventTime now, EventTime w);
  /// `window`: the closest one, which closes at `end` + L.
  void add_late(Work& work, uint32_t row, EventTime w, const Span& window, EventTime end);

  WindowPlan plan_;
  AggregateLayout layout_;
  GroupedInput input_;
  GroupedOutput output_;
  EventTime watermark_ = kTimeNone;  ///< W_out.
  /// Something was folded since the last result. append without a window and complete show only
  /// what is new: groups live on behind the end of input, and a later run must not repeat it.
  bool changed_since_fired_ = false;

 private:
  // grouped_fold.cc
  void fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w, Range range);
  void find_triggers(Work& work, const GroupedInput::Cut& cut);
  void clock_trigger(Work& work, int64_t clock_us, uint32_t release, EventTime w);
  void trigger(Work& work, uint32_t release, EventTime now, EventTime w);
  void end_trigger(Work& work, uint32_t release);
  // grouped_node.cc
  void start_range(Work& work) const;
  void pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places);
  void count(const Work& work, const Chunk& chunk, const GroupedInput::Cut& cut);
  Result<void> finish_rows(Work& work);
  void finish_errors(Work& work) const;

  EmitTimer timer_;
  int64_t snapshots_ = 0;  ///< Frames sent so far.
};

}  // namespace millrace
