// Judge, fold, fire, in the order of the task.
#include <algorithm>

#include "pipeline/window_work.h"

namespace millrace {

void WindowNode::fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w, Range range) {
  Fold fold{w, range.begin, w[range.end], kTimeMax, false};
  WindowGroups::Due due;
  fold.due = groups_.next_due(due);
  if (fold.due) fold.next_close = due.closes_at;
  const Rows& stage = *work.in.stage.rows;
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t record = stage.record_of(work.in.live[i]);
    if (fold.due && w[record] >= fold.next_close) fire_due(work, fold, w[record], record);
    place_row(work, fold, i, w[record]);
  }
  this->fold(work);
  if (fold.due && fold.w_end >= fold.next_close) fire_due(work, fold, fold.w_end, range.end);
}

void WindowNode::place_row(Work& work, Fold& fold, size_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const EventTime t = work.in.time(row);
  const bool same = fold.slice && t >= fold.slice->span().start && t < fold.slice->span().end;
  if (!same || !fold.slice_is_safe) {
    const auto verdict = groups_.judge(t, w);
    if (verdict == WindowGroups::Verdict::kLate) return add_late(work, row, w);
    counters.late_partial += verdict == WindowGroups::Verdict::kLatePartial;
  }
  if (!same) {
    groups_.pass(w);
    fold.slice = &groups_.slice_at(t);
    fold.slice_is_safe = groups_.judge(t, fold.w_end) == WindowGroups::Verdict::kOnTime;
    WindowGroups::Due due;
    fold.due = groups_.next_due(due);
    fold.next_close = due.closes_at;
  }
  input_.collect(work.in, fold.slice->state(work.in.hashes[i], work.in.key(i)), row);
}

void WindowNode::fold(Work& work) {
  changed_since_fired_ = input_.fold(work.in, groups_.layout()) || changed_since_fired_;
}

/// Fires all that W closes. The record that released a window is the first one behind which W had
/// reached its close.
void WindowNode::fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) {
  this->fold(work);
  const bool windowed = plan_.grouped.windowed;
  WindowGroups::Due due;
  while (groups_.next_due(due) && due.closes_at <= w) {
    const EventTime* reached = std::lower_bound(fold.w + fold.begin, fold.w + upto + 1, due.closes_at);
    const auto behind = static_cast<uint32_t>(reached - fold.w);
    if (!windowed && !changed_since_fired_) break;
    fire(work, due.window, behind > fold.begin ? behind - 1 : fold.begin);
    changed_since_fired_ = false;
    if (!windowed) break;
    for (EventTime gone : groups_.close(due.window)) blocks_.drop_slice(gone);
  }
  fold.slice = nullptr;
  fold.due = windowed && groups_.next_due(due);
  fold.next_close = fold.due ? due.closes_at : kTimeMax;
}

void WindowNode::fire(Work& work, const Span& window, uint32_t release) {
  const EventTime time = plan_.grouped.windowed ? window.end - 1 : kTimeNone;
  std::vector<FiredGroup> fired;
  for (const auto& group : groups_.groups_of(window)) fired.push_back({group.key, group.state, window, time});
  output_.fire(work.out, fired, groups_.layout(), release, work.ports[static_cast<size_t>(Port::kMain)]);
}

}  // namespace millrace
