// When update and complete emit before windows close (semantics R25, R26), and what.
#include "pipeline/window_work.h"

namespace millrace {

/// Running event time is that of all records that come here, filtered ones included.
void WindowNode::find_triggers(Work& work, const GroupedInput::Cut& cut) {
  work.triggers.clear();
  work.trigger_times.clear();
  if (plan_.emit.trigger != Trigger::kEventTime) return;
  const Rows& stage = *work.in.stage.rows;
  const Selection rows = work.in.stage.before_filter;
  const uint32_t behind = count_before(stage, rows, cut.end);
  for (uint32_t i = count_before(stage, rows, cut.begin); i < behind; ++i) {
    const EventTime t = stage.time[rows[i]];
    if (!timer_.crosses(t)) continue;
    const uint32_t record = stage.record_of(rows[i]);
    if (!work.triggers.empty() && work.triggers.back() == record) continue;
    work.triggers.push_back(record);
    work.trigger_times.push_back(t);
  }
}

/// The clock is looked at when a piece of input comes; it stands between two records then.
void WindowNode::clock_trigger(Work& work, int64_t clock_us, uint32_t release) {
  if (timer_.clock_due(clock_us)) trigger(work, release, timer_.running());
}

/// A record was collected: the windows it changed are shown now, or wait for the next trigger.
void WindowNode::record_trigger(Work& work, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const uint32_t record = work.in.stage.rows->record_of(row);
  const EventTime t = work.in.time(row);
  const bool at_once = plan_.emit.trigger == Trigger::kRecord;
  if (plan_.emit.mode == Mode::kComplete) {
    if (!at_once) return;
    fold(work);
    return snapshot(work, record, t);
  }
  if (at_once) fold(work);
  const WindowGroups::GroupId id{work.in.hashes[i], work.in.key(i)};
  work.windows.clear();
  groups_.open_windows_of(t, w, work.windows);
  for (const Span& window : work.windows) {
    if (!at_once) {
      sent_.note_change(window, id.hash, id.key);
      continue;
    }
    auto groups = plan_.grouped.ranked() ? groups_.groups_of(window) : groups_.groups_of(window, {id});
    fire(work, window, std::move(groups), record, t, false);
  }
}

void WindowNode::trigger(Work& work, uint32_t release, EventTime now) {
  fold(work);
  if (plan_.emit.mode == Mode::kComplete) return snapshot(work, release, now);
  for (const LastEmissions::Changed& changed : sent_.take_changed()) {
    auto groups = plan_.grouped.ranked() ? groups_.groups_of(changed.window)
                                         : groups_.groups_of(changed.window, changed.groups);
    fire(work, changed.window, std::move(groups), release, now, false);
  }
}

/// The end of input crosses every multiple, but repeats nothing.
void WindowNode::end_trigger(Work& work, uint32_t release) {
  if (plan_.emit.mode == Mode::kAppend || plan_.emit.trigger == Trigger::kRecord) return;
  const bool complete = plan_.emit.mode == Mode::kComplete;
  if (complete ? changed_since_fired_ : sent_.any_changed()) trigger(work, release, timer_.running());
}

/// One frame over all windows that hold a record, closed ones included.
void WindowNode::snapshot(Work& work, uint32_t release, EventTime now) {
  changed_since_fired_ = false;
  const bool all_shown = !plan_.grouped.select.having && !plan_.grouped.limit;
  const size_t first = work.out.firings.size();
  uint64_t rows = 0;
  const auto add = [&](const Span& window, std::vector<WindowGroups::ClosedGroup> groups) {
    rows += groups.size();
    if (all_shown && rows > static_cast<uint64_t>(plan_.grouped.complete_max_rows)) return;
    fire(work, window, std::move(groups), release, now, false);
  };
  for (const auto& [end, slice] : kept_.slices()) {
    add(groups_.slicer().first_window_ending_after(end - 1), slice.all_groups());
  }
  for (const Span& window : groups_.open_windows()) add(window, groups_.groups_of(window));
  if (work.out.firings.size() == first) add({}, {});
  output_.join_firings(work.out, first);
  if (!all_shown || rows <= static_cast<uint64_t>(plan_.grouped.complete_max_rows)) return;
  work.overflow = "a complete result of " + std::to_string(rows) + " rows is larger than complete_max_rows (" +
                  std::to_string(plan_.grouped.complete_max_rows) +
                  "): raise it, limit the rows, or emit updates";
}

void WindowNode::keep(const Span& window) {
  GroupSlice& slice = kept_.slice_starting(window.end);
  for (const auto& group : groups_.groups_of(window)) {
    groups_.layout().merge(slice.state(group.hash, group.key), group.state);
  }
}

}  // namespace millrace
