// What update and complete emit before windows close (semantics R25, R26).
#include "operators/window_work.h"

namespace millrace {

/// A record was collected: the windows it changed are shown now, or wait for the next trigger.
void WindowNode::record_trigger(Work& work, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const uint32_t record = work.in.stage.rows->record_of(row);
  const EventTime t = work.in.time(row);
  const bool at_once = plan_.emit.trigger == Trigger::kRecord;
  if (plan_.emit.mode == Mode::kComplete) {
    if (!at_once) return;
    fold(work);
    return snapshot(work, record, t, w);
  }
  if (at_once) fold(work);
  const WindowGroups::GroupId id{work.in.hashes[i], work.in.key(i)};
  auto& windows = static_cast<WindowWork&>(work).windows;
  windows.clear();
  groups_.open_windows_of(t, w, windows);
  for (const Span& window : windows) {
    if (!at_once) {
      sent_.note_change(window, id.hash, id.key);
      continue;
    }
    auto groups =
        plan_.grouped.ranked() ? groups_.groups_of(window) : groups_.groups_of(window, {id});
    fire(work, window, std::move(groups), record, t, false);
  }
}

void WindowNode::show_changed(Work& work, uint32_t release, EventTime now) {
  for (const LastEmissions::Changed& changed : sent_.take_changed()) {
    auto groups = plan_.grouped.ranked() ? groups_.groups_of(changed.window)
                                         : groups_.groups_of(changed.window, changed.groups);
    fire(work, changed.window, std::move(groups), release, now, false);
  }
}

bool WindowNode::show_all(Work& work, uint32_t release, EventTime now, uint64_t& rows) {
  const bool all_shown = !plan_.grouped.select.having && !plan_.grouped.limit;
  const auto rows_max = static_cast<uint64_t>(plan_.grouped.complete_max_rows);
  const auto add = [&](const Span& window, std::vector<WindowGroups::ClosedGroup> groups) {
    rows += groups.size();
    if (all_shown && rows > rows_max) return;
    fire(work, window, std::move(groups), release, now, false);
  };
  for (const auto& [end, slice] : kept_.slices()) {
    add(groups_.slicer().first_window_ending_after(end - 1), slice.all_groups());
  }
  for (const Span& window : groups_.open_windows()) add(window, groups_.groups_of(window));
  return !all_shown || rows <= rows_max;
}

void WindowNode::forget_closed(EventTime end) {
  auto& slices = kept_.slices();  // By the ends of their windows.
  while (!slices.empty() && slices.begin()->first <= end) {
    kept_blocks_.drop_slice(slices.begin()->first);
    kept_.drop_slice(slices.begin()->first);
  }
}

void WindowNode::keep(const Span& window) {
  GroupSlice& slice = kept_.slice_starting(window.end);
  for (const auto& group : groups_.groups_of(window)) {
    layout_.merge(slice.state(group.hash, group.key), group.state);
  }
}

}  // namespace millrace
