#pragma once

/// Windows that time alone decides (tumbling, hopping, cumulative, calendar) and the whole stream:
/// records are folded into slices, and a window that fires combines them. complete keeps windows
/// that closed in a store of their own, because slices that they share with open windows go on
/// changing (R26).

#include "operators/grouped_node.h"
#include "operators/last_emissions.h"

namespace millrace {

class WindowNode final : public GroupedNode {
 public:
  WindowNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan,
             Slicer slicer);

  std::unique_ptr<NodeWork> make_work() const override;
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return groups_.bytes() + sent_.bytes() + kept_.bytes(); }
  void seal_closed() override { groups_.seal_closed(); }

 private:
  struct WindowWork;
  bool next_due(EventTime& closes_at) const override;
  uint64_t open_windows() const override;
  void fold_rows(Work& work, Fold& fold, const GroupedInput::Cut& cut) override;
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) override;
  void show_changed(Work& work, uint32_t release, EventTime now) override;
  bool any_changed() const override { return sent_.any_changed(); }
  bool show_all(Work& work, uint32_t release, EventTime now, uint64_t& rows) override;
  void forget_closed(EventTime end) override;
  void pass(EventTime w) override { groups_.pass(w); }
  void rows_done(Work& work) override;

  // window_fold.cc
  void place_row(Work& work, Fold& fold, size_t i, EventTime w);
  void close(Work& work, const Span& window, uint32_t release);
  void fire(Work& work, const Span& window, std::vector<WindowGroups::ClosedGroup> groups,
            uint32_t release, EventTime now, bool final);
  // window_trigger.cc
  void record_trigger(Work& work, size_t i, EventTime w);
  void keep(const Span& window);

  WindowGroups groups_;
  GroupBlocks blocks_;
  LastEmissions sent_;  ///< update.
  WindowGroups kept_;   ///< complete: closed windows, a slice each, starting at the window's end.
  GroupBlocks kept_blocks_;
  GroupSlice* slice_ = nullptr;  ///< Where the latest record fell; null: unknown.
  bool slice_is_safe_ = false;   ///< No record of it can be late within this range.
};

}  // namespace millrace
