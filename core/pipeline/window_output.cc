// Apply, and what leaves a window: fired rows, errors, late records.
#include <algorithm>

#include "base/assert.h"
#include "pipeline/window_work.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors),
               kLate = static_cast<size_t>(Port::kLate);

}  // namespace

Result<void> WindowNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  // Behind an ordered node the rows are those of this range already.
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  const GroupedInput::Cut cut = input_.cut(work.in, begin, end);
  const EventTime* w = inputs()[0].node->watermarks(chunk);
  MILLRACE_ASSERT(w != nullptr);
  start_range(work);
  work.chunk = &chunk;
  const Range places{range.begin, range.last ? chunk.places() : range.end, range.last};
  clock_trigger(work, chunk.arrival_us, range.begin);
  fold_range(work, cut, w, places);
  pass_watermark(work, w, places, chunk.places());
  MILLRACE_TRY(finish_rows(work));
  input_.add_failed(work.in, cut, work.failed);
  count(work, chunk, cut);
  finish_errors(work);
  if (plan_.late == OperatorConfig::Late::kFail && work.late.size() != 0) {
    return Error{Code::kFailed, name() + ": a record is late for all its windows, and `late` is \"fail\""};
  }
  return {};
}

void WindowNode::start_range(Work& work) const {
  output_.start(work.out, work.ports[kMain]);
  work.late.start();
  work.failed.clear();
  work.closed.clear();
}

/// W_out = W - L, so that a chained window never sees these rows as late (R19).
void WindowNode::pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places) {
  work.watermarks.resize(places + 1);
  for (uint32_t i = range.begin; i <= range.end; ++i) {
    work.watermarks[i] = w[i] == kTimeMax ? kTimeMax : saturating_sub(w[i], plan_.allowed_lateness_us);
  }
  watermark_ = work.watermarks[range.end];
}

/// `work.failed` holds results too, which are no input rows.
void WindowNode::count(const Work& work, const Chunk& chunk, const GroupedInput::Cut& cut) {
  const uint64_t rows = input_.rows_in(work.in, cut, input_rows(chunk));
  const uint64_t failed = work.failed.size() - work.out.failed_results;
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.errors += failed;
  counters.late += work.late.size();
  counters.used += cut.size() - work.late.size();
  counters.filtered += rows - cut.size() - failed;
  counters.out += work.now[kMain].live.count;
}

Result<void> WindowNode::finish_rows(Work& work) {
  Rows& out = work.ports[kMain];
  if (!work.overflow.empty()) return Error{Code::kFailed, name() + ": " + work.overflow};
  if (auto finished = output_.finish(work.out, shape(), out, &sent_, &snapshots_); !finished) {
    return Error{finished.error().code, name() + ": " + finished.error().message};
  }
  for (EventTime end : work.closed) sent_.drop(end);
  work.now[kMain] = {&out, out.selection()};
  output_.add_failed(work.out, work.failed);
  Rows& late = work.ports[kLate];
  work.late.finish(*work.in.stage.rows, shape(Port::kLate), work.in.groups,
                   plan_.late != OperatorConfig::Late::kDrop, late);
  work.now[kLate] = {&late, late.selection()};
  return {};
}

void WindowNode::finish_errors(Work& work) const {
  Rows& rows = work.ports[kErrors];
  work.error_rows.write(work.failed, rows, name());
  work.now[kErrors] = {&rows, rows.selection()};
}

/// The closest window is the one that closed last (R13).
void WindowNode::add_late(Work& work, uint32_t row, EventTime w) {
  const bool after_idle = work.chunk->is_after_idle(work.in.stage.rows->record_of(row));
  counters.late_after_idle += after_idle;
  const EventTime end = groups_.slicer().last_end_of(work.in.time(row));
  work.late.add({row, w, groups_.slicer().first_window_ending_after(end - 1),
                 saturating_add(end, plan_.allowed_lateness_us), after_idle});
}

}  // namespace millrace
