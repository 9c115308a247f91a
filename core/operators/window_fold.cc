// Judge, fold, fire, in the order of the task.
#include "operators/window_work.h"

namespace millrace {

bool WindowNode::next_due(EventTime& closes_at) const {
  WindowGroups::Due due;
  if (!groups_.next_due(due)) return false;
  closes_at = due.closes_at;
  return true;
}

void WindowNode::fold_rows(Work& work, Fold& fold, const GroupedInput::Cut& cut) {
  slice_ = nullptr;
  const Rows& stage = *work.in.stage.rows;
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t record = stage.record_of(work.in.live[i]);
    advance(work, fold, record);
    place_row(work, fold, i, fold.w[record]);
  }
}

void WindowNode::place_row(Work& work, Fold& fold, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const EventTime t = work.in.time(row);
  const bool same = slice_ && t >= slice_->span().start && t < slice_->span().end;
  if (!same || !slice_is_safe_) {
    const auto verdict = groups_.judge(t, w);
    if (verdict == WindowGroups::Verdict::kLate) {
      // The closest window is the one that closed last (R13).
      const EventTime end = groups_.slicer().last_end_of(t);
      return add_late(work, row, w, groups_.slicer().first_window_ending_after(end - 1), end);
    }
    counters.late_partial += verdict == WindowGroups::Verdict::kLatePartial;
  }
  if (!same) {
    groups_.pass(w);
    slice_ = &groups_.slice_at(t);
    slice_is_safe_ = groups_.judge(t, fold.w_end) == WindowGroups::Verdict::kOnTime;
    set_next_due(fold);
  }
  input_.collect(work.in, slice_->state(work.in.hashes[i], work.in.key(i)), row);
  if (plan_.emit.mode != Mode::kAppend) record_trigger(work, i, w);
}

void WindowNode::fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) {
  const bool windowed = plan_.grouped.windowed;
  WindowGroups::Due due;
  while (groups_.next_due(due) && due.closes_at <= w) {
    const uint32_t release = release_of(fold, due.closes_at, upto);
    if (!windowed) {
      // Groups live on: only append shows them at the end, and only if there is something new.
      if (plan_.emit.mode != Mode::kAppend || !changed_since_fired_) break;
      fire(work, due.window, groups_.groups_of(due.window), release, kTimeNone, false);
      changed_since_fired_ = false;
      break;
    }
    close(work, due.window, release);
    for (EventTime gone : groups_.close(due.window)) blocks_.drop_slice(gone);
  }
  slice_ = nullptr;
  set_next_due(fold);
  if (!windowed) fold.due = false;
}

void WindowNode::close(Work& work, const Span& window, uint32_t release) {
  if (plan_.emit.mode == Mode::kComplete) return keep(window);
  const bool update = plan_.emit.mode == Mode::kUpdate;
  fire(work, window, groups_.closing_groups_of(window), release, kTimeNone, update);
  if (!update) return;
  sent_.forget_changes(window.end);
  static_cast<WindowWork&>(work).closed.push_back(window.end);
}

/// `now`: the event time of rows without a window.
void WindowNode::fire(Work& work, const Span& window, std::vector<WindowGroups::ClosedGroup> groups,
                      uint32_t release, EventTime now, bool final) {
  const EventTime time = plan_.grouped.windowed ? window.end - 1 : now;
  const bool update = plan_.emit.mode == Mode::kUpdate;
  std::vector<FiredGroup> fired;
  fired.reserve(groups.size());
  for (const auto& group : groups) {
    Emission* emission = update ? &sent_.slot(window.end, group.hash, group.key) : nullptr;
    fired.push_back({group.key, group.state, window, time, emission});
  }
  output_.fire(work.out, fired, layout_, release, work.ports[Port::kMain],
               final ? FiringKind::kFinal : FiringKind::kRows);
}

}  // namespace millrace
