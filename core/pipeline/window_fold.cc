// Apply: judge, fold, fire, in the order of the task.
#include <algorithm>

#include "base/assert.h"
#include "pipeline/window_work.h"
#include "window/group_key.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain);

}  // namespace

Result<void> WindowNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  // Behind an ordered node the rows are those of this range already.
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  const Rows& stage = *work.stage.rows;
  const Selection all{work.live.data(), static_cast<uint32_t>(work.live.size())};
  const uint32_t first = count_before(stage, all, begin);
  const uint32_t behind = count_before(stage, all, end);
  const EventTime* w = inputs()[0].node->watermarks(chunk);
  MILLRACE_ASSERT(w != nullptr);
  start_range(work);
  const Range places{range.begin, range.last ? chunk.places() : range.end, range.last};
  fold_range(work, {work.live.data() + first, behind - first}, first, w, places);
  pass_watermark(work, w, places, chunk.places());
  finish_rows(work);
  finish_late(work);
  add_failed_results(work);
  for (const FailedRow& failed : work.stage_failed) {
    if (failed.record >= begin && failed.record < end) work.failed.push_back(failed);
  }
  count(work, chunk, begin, end, behind - first);
  finish_errors(work);
  if (plan_.late == OperatorConfig::Late::kFail && !work.late_rows.empty()) {
    return Error{Code::kFailed, name() + ": a record is late for all its windows, and `late` is \"fail\""};
  }
  return {};
}

void WindowNode::start_range(Work& work) const {
  for (uint32_t i = 0; i < work.derived.size(); ++i) {
    work.derived[i].reset(plan_.select.derived[i].type, 0);
  }
  work.emit_failures.clear();
  work.fired_keys.clear();
  work.late_rows.clear();
  work.late_w.clear();
  work.failed.clear();
  work.result_bytes.clear();
  Rows& out = work.ports[kMain];
  out.clear();
  out.own_record.clear();
  out.own_time.clear();
}

/// W_out = W - L, so that a chained window never sees these rows as late (R19).
void WindowNode::pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places) {
  work.watermarks.resize(places + 1);
  for (uint32_t i = range.begin; i <= range.end; ++i) {
    work.watermarks[i] = w[i] == kTimeMax ? kTimeMax : saturating_sub(w[i], plan_.allowed_lateness_us);
  }
  watermark_ = work.watermarks[range.end];
}

/// `reached`: rows that came as far as the fold, late ones included.
void WindowNode::count(const Work& work, const Chunk& chunk, uint32_t begin, uint32_t end,
                       uint64_t reached) {
  const Rows& stage = *work.stage.rows;
  uint64_t rows = count_before(stage, work.stage.before_filter, end) -
                  count_before(stage, work.stage.before_filter, begin);
  // Rows that explode itself refused are rows too: they must leave by the same ledger.
  for (const StageFault& fault : work.stage.faults) {
    const Rows& of = fault.of_input ? input_rows(chunk) : stage;
    const uint32_t record = of.record_of(fault.row);
    rows += record >= begin && record < end;
  }
  const uint64_t failed = work.failed.size() - work.failed_results;
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.errors += failed;
  counters.late += work.late_rows.size();
  counters.used += reached - work.late_rows.size();
  counters.filtered += rows - reached - failed;
  counters.out += work.now[kMain].live.count;
}

void WindowNode::fold_range(Work& work, Selection rows, size_t first, const EventTime* w, Range range) {
  Fold fold{w, range.begin, w[range.end], kTimeMax, false};
  WindowGroups::Due due;
  fold.due = groups_.next_due(due);
  if (fold.due) fold.next_close = due.closes_at;
  const Rows& stage = *work.stage.rows;
  for (uint32_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    const uint32_t record = stage.record_of(row);
    if (fold.due && w[record] >= fold.next_close) fire_due(work, fold, w[record], record);
    place_row(work, fold, row, first + i, w[record]);
  }
  update(work);
  if (fold.due && fold.w_end >= fold.next_close) fire_due(work, fold, fold.w_end, range.end);
}

void WindowNode::place_row(Work& work, Fold& fold, uint32_t row, size_t i, EventTime w) {
  const EventTime t = work.stage.rows->time[row];
  const bool same = fold.slice && t >= fold.slice->span().start && t < fold.slice->span().end;
  if (!same || !fold.slice_is_safe) {
    const auto verdict = groups_.judge(t, w);
    if (verdict == WindowGroups::Verdict::kLate) return add_late(work, row, w);
    counters.late_partial += verdict == WindowGroups::Verdict::kLatePartial;
  }
  if (!same) {
    fold.slice = &groups_.slice_at(t);
    fold.slice_is_safe = groups_.judge(t, fold.w_end) == WindowGroups::Verdict::kOnTime;
    WindowGroups::Due due;
    fold.due = groups_.next_due(due);
    fold.next_close = due.closes_at;
  }
  const size_t begin = i == 0 ? 0 : work.key_ends[i - 1];
  const std::string_view key(work.keys.data() + begin, work.key_ends[i] - begin);
  work.states.push_back(fold.slice->state(work.hashes[i], key));
  work.folded.push_back(row);
}

/// Folds the collected rows, aggregate by aggregate.
void WindowNode::update(Work& work) {
  if (work.folded.empty()) return;
  changed_since_fired_ = true;
  const AggregateLayout& layout = groups_.layout();
  size_t at = 0;
  for (size_t k = 0; k < layout.size(); ++k) {
    const auto& call = plan_.select.calls[k];
    for (std::byte*& state : work.states) state += layout.offset(k) - at;
    at = layout.offset(k);
    const Column* argument = call.argument ? work.arguments[*call.argument] : nullptr;
    const auto count = static_cast<uint32_t>(work.folded.size());
    if (!call.filter) {
      call.function->kernel.update(work.states.data(), argument, {work.folded.data(), count});
      continue;
    }
    work.filtered.clear();
    work.filtered_states.clear();
    for (uint32_t i = 0; i < count; ++i) {
      if (!work.passes[*call.filter][work.folded[i]]) continue;
      work.filtered.push_back(work.folded[i]);
      work.filtered_states.push_back(work.states[i]);
    }
    call.function->kernel.update(work.filtered_states.data(), argument,
                                 {work.filtered.data(), static_cast<uint32_t>(work.filtered.size())});
  }
  work.states.clear();
  work.folded.clear();
}

/// Fires all that W closes. The record that released a window is the first one behind which W had
/// reached its close.
void WindowNode::fire_due(Work& work, Fold& fold, EventTime w, uint32_t upto) {
  update(work);
  WindowGroups::Due due;
  while (groups_.next_due(due) && due.closes_at <= w) {
    const EventTime* reached = std::lower_bound(fold.w + fold.begin, fold.w + upto + 1, due.closes_at);
    const auto behind = static_cast<uint32_t>(reached - fold.w);
    if (!plan_.windowed && !changed_since_fired_) break;
    fire(work, due.window, behind > fold.begin ? behind - 1 : fold.begin);
    changed_since_fired_ = false;
    if (!plan_.windowed) break;
    for (EventTime gone : groups_.close(due.window)) blocks_.drop_slice(gone);
  }
  fold.slice = nullptr;
  fold.due = plan_.windowed && groups_.next_due(due);
  fold.next_close = fold.due ? due.closes_at : kTimeMax;
}

void WindowNode::fire(Work& work, const Span& window, uint32_t release) {
  auto closed = groups_.groups_of(window);
  const size_t group_count = plan_.select.groups.size();
  std::vector<Column> keys(group_count);
  for (size_t i = 0; i < group_count; ++i) keys[i].reset(plan_.select.groups[i].type(), 0);
  for (auto& group : closed) {
    group.key = work.fired_keys.store(group.key);
    MILLRACE_ASSERT(read_group_key(group.key, keys));
  }
  std::vector<uint32_t> order(closed.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return compare_groups(keys, a, b) < 0; });
  Rows& out = work.ports[kMain];
  const auto total = static_cast<uint32_t>(out.own_record.size() + closed.size());
  work.emit_errors.start(total);
  const AggregateLayout& layout = groups_.layout();
  for (uint32_t i : order) {
    MILLRACE_ASSERT(read_group_key(closed[i].key, {work.derived.data(), group_count}));
    for (size_t k = 0; k < layout.size(); ++k) {
      layout.function(k).kernel.emit(closed[i].state + layout.offset(k), work.derived[group_count + k],
                                     work.emit_errors);
    }
    if (plan_.windowed) {
      work.derived[plan_.select.window_start].ints.push_back(window.start);
      work.derived[plan_.select.window_start + 1].ints.push_back(window.end);
    }
    out.own_record.push_back(release);
    out.own_time.push_back(plan_.windowed ? window.end - 1 : kTimeNone);
  }
  for (const RowError& error : work.emit_errors.list()) work.emit_failures.push_back(error);
}

}  // namespace millrace
