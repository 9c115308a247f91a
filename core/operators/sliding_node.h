#pragma once

/// Windows aligned to records (semantics R5): records of one group and time share a state, and a
/// window that fires combines those that it holds, in order of time.

#include <map>

#include "operators/entry_blocks.h"
#include "operators/grouped_node.h"
#include "operators/kept_results.h"
#include "window/record_windows.h"

namespace millrace {

class SlidingNode final : public GroupedNode {
 public:
  SlidingNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan,
              int64_t difference_us);

  std::unique_ptr<NodeWork> make_work() const override;
  void save(uint64_t epoch, Commit& commit, JsonValue& meta) override;
  Result<void> restore(const JsonValue& meta, CommitLog& log) override;
  size_t state_bytes() const override { return windows_.bytes() + kept_.bytes(); }
  void seal_closed() override { windows_.seal_closed(); }

 private:
  struct SlidingWork;
  using Instant = RecordWindows::Instant;
  using Window = RecordWindows::Window;
  using States = RecordWindows::States;
  bool next_due(EventTime& closes_at) const override { return windows_.next_due(closes_at); }
  uint64_t open_windows() const override { return windows_.states().entries(); }
  void fold_rows(Work& work, Fold& fold, const GroupedInput::Cut& cut) override;
  void fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) override;
  void show_changed(Work& work, uint32_t release, EventTime now) override;
  bool any_changed() const override { return !changed_.empty(); }
  bool show_all(Work& work, uint32_t release, EventTime now, uint64_t& rows) override;
  void forget_closed(EventTime end) override { kept_.forget(end); }
  void pass(EventTime w) override { windows_.pass(w); }
  void rows_done(Work& work) override;

  // sliding_fold.cc
  void place_row(SlidingWork& work, Fold& fold, size_t i, EventTime w);
  void record_trigger(SlidingWork& work, const RecordWindows::Placed& placed, size_t i,
                      EventTime w);
  void close(SlidingWork& work, EventTime end, uint32_t release);
  void add_group(SlidingWork& work, const Window& window);
  void fire(SlidingWork& work, uint32_t release, FiringKind kind);
  Emission& emission_of(const Window& window);
  void note_change(const Window& window);
  // sliding_node.cc
  void encode(const Instant& instant, std::string& value) const;
  Instant* decode(const EntryBlocks::Stored& stored);

  RecordWindows windows_;
  EntryBlocks blocks_;
  KeptResults kept_;  ///< complete.
  std::map<EventTime, std::vector<Window>>
      changed_;  ///< update, every: since the last trigger, by end.
};

}  // namespace millrace
