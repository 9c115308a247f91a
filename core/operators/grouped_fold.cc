// The order of a grouped node's work within a range: what W makes due, what triggers, and the rows.
#include <algorithm>

#include "operators/grouped_work.h"

namespace millrace {

void GroupedNode::fold_range(Work& work, const GroupedInput::Cut& cut, const EventTime* w,
                             Range range) {
  Fold fold{w, range.begin, w[range.end]};
  set_next_due(fold);
  find_triggers(work, cut);
  fold_rows(work, fold, cut);
  advance(work, fold, range.end);
  this->fold(work);
  // The end of input closes only what is there (R20).
  const EventTime* end = std::lower_bound(w + range.begin, w + range.end + 1, kTimeMax);
  if (end != w + range.begin) pass(end[-1]);
  if (fold.w_end == kTimeMax) end_trigger(work, range.end - 1);  // A range has a place at least.
}

void GroupedNode::set_next_due(Fold& fold) const {
  fold.next_close = kTimeMax;
  fold.due = next_due(fold.next_close);
}

/// Where a record both closes windows and triggers, the closed ones go first: they end earlier, and
/// their last row is the final one.
void GroupedNode::advance(Work& work, Fold& fold, uint32_t upto) {
  for (; fold.next_trigger < work.triggers.size() && work.triggers[fold.next_trigger] < upto;
       ++fold.next_trigger) {
    const uint32_t record = work.triggers[fold.next_trigger];
    const EventTime w = fold.w[record + 1];
    if (fold.due && w >= fold.next_close) {
      this->fold(work);
      fire_due(work, fold, w, record + 1);
    }
    trigger(work, record, work.trigger_times[fold.next_trigger], w);
  }
  if (!fold.due || fold.w[upto] < fold.next_close) return;
  this->fold(work);
  fire_due(work, fold, fold.w[upto], upto);
}

uint32_t GroupedNode::release_of(const Fold& fold, EventTime closes_at, uint32_t upto) {
  const EventTime* reached = std::lower_bound(fold.w + fold.begin, fold.w + upto + 1, closes_at);
  const auto behind = static_cast<uint32_t>(reached - fold.w);
  return behind > fold.begin ? behind - 1 : fold.begin;
}

void GroupedNode::fold(Work& work) {
  changed_since_fired_ = input_.fold(work.in, layout_) || changed_since_fired_;
}

/// Running event time is that of all records that come here, filtered ones included; the first
/// record crosses nothing, because nothing came before it.
void GroupedNode::find_triggers(Work& work, const GroupedInput::Cut& cut) {
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
void GroupedNode::clock_trigger(Work& work, int64_t clock_us, uint32_t release, EventTime w) {
  if (timer_.clock_due(clock_us)) trigger(work, release, timer_.running(), w);
}

void GroupedNode::trigger(Work& work, uint32_t release, EventTime now, EventTime w) {
  fold(work);
  if (plan_.emit.mode == Mode::kComplete) return snapshot(work, release, now, w);
  show_changed(work, release, now);
}

/// The end of input crosses every multiple, but repeats nothing.
void GroupedNode::end_trigger(Work& work, uint32_t release) {
  if (plan_.emit.mode == Mode::kAppend || plan_.emit.trigger == Trigger::kRecord) return;
  const bool complete = plan_.emit.mode == Mode::kComplete;
  if (complete ? changed_since_fired_ : any_changed())
    trigger(work, release, timer_.running(), kTimeMax);
}

/// One frame over all windows that hold a record, closed ones included as long as they are
/// retained. The end of input, which is delivered and not kept, takes none of them away.
void GroupedNode::snapshot(Work& work, uint32_t release, EventTime now, EventTime w) {
  changed_since_fired_ = false;
  const int64_t behind = saturating_add(plan_.allowed_lateness_us, plan_.emit.retain_us);
  if (plan_.emit.retain_us != kTimeMax && w != kTimeMax) forget_closed(saturating_sub(w, behind));
  const size_t first = work.out.firings.size();
  uint64_t rows = 0;
  const bool fits = show_all(work, release, now, rows);
  if (work.out.firings.size() == first) {
    std::vector<FiredGroup> none;
    output_.fire(work.out, none, layout_, release, work.ports[Port::kMain]);
  }
  output_.join_firings(work.out, first);
  if (fits) return;
  work.overflow = "a complete result of " + std::to_string(rows) +
                  " rows is larger than complete_max_rows (" +
                  std::to_string(plan_.grouped.complete_max_rows) +
                  "): raise it, limit the rows, or emit updates";
}

}  // namespace millrace
