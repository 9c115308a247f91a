// Judge, fold, fire, in the order of the task.
#include <algorithm>

#include "pipeline/window_work.h"

namespace millrace {

void WindowNode::fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w, Range range) {
  Fold fold{w, range.begin, w[range.end], kTimeMax, false};
  WindowGroups::Due due;
  fold.due = groups_.next_due(due);
  if (fold.due) fold.next_close = due.closes_at;
  find_triggers(work, cut);
  const Rows& stage = *work.in.stage.rows;
  for (uint32_t i = cut.first; i < cut.behind; ++i) {
    const uint32_t record = stage.record_of(work.in.live[i]);
    advance(work, fold, record);
    place_row(work, fold, i, w[record]);
  }
  advance(work, fold, range.end);
  this->fold(work);
  if (fold.w_end == kTimeMax) end_trigger(work, range.end > range.begin ? range.end - 1 : range.begin);
}

/// Fires what is due before the record `upto`. Where a record both closes windows and triggers, the
/// closed ones go first: they end earlier, and their last row is the final one.
void WindowNode::advance(Work& work, Fold& fold, uint32_t upto) {
  for (; fold.next_trigger < work.triggers.size() && work.triggers[fold.next_trigger] < upto;
       ++fold.next_trigger) {
    const uint32_t record = work.triggers[fold.next_trigger];
    const EventTime w = fold.w[record + 1];
    if (fold.due && w >= fold.next_close) fire_due(work, fold, w, record + 1);
    this->fold(work);
    trigger(work, record, work.trigger_times[fold.next_trigger]);
  }
  if (fold.due && fold.w[upto] >= fold.next_close) fire_due(work, fold, fold.w[upto], upto);
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
  if (plan_.emit.mode != Mode::kAppend) record_trigger(work, i, w);
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
    const uint32_t release = behind > fold.begin ? behind - 1 : fold.begin;
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
  fold.slice = nullptr;
  fold.due = windowed && groups_.next_due(due);
  fold.next_close = fold.due ? due.closes_at : kTimeMax;
}

void WindowNode::close(Work& work, const Span& window, uint32_t release) {
  if (plan_.emit.mode == Mode::kComplete) return keep(window);
  const bool update = plan_.emit.mode == Mode::kUpdate;
  fire(work, window, groups_.groups_of(window), release, kTimeNone, update);
  if (!update) return;
  sent_.forget_changes(window.end);
  work.closed.push_back(window.end);
}

/// `now`: the event time of rows without a window.
void WindowNode::fire(Work& work, const Span& window, std::vector<WindowGroups::ClosedGroup> groups,
                      uint32_t release, EventTime now, bool final) {
  const EventTime time = plan_.grouped.windowed ? window.end - 1 : now;
  std::vector<FiredGroup> fired;
  fired.reserve(groups.size());
  for (const auto& group : groups) fired.push_back({group.key, group.state, window, time, group.hash});
  output_.fire(work.out, fired, groups_.layout(), release, work.ports[static_cast<size_t>(Port::kMain)],
               final, window.end);
}

}  // namespace millrace
