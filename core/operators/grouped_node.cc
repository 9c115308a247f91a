// Prepare, apply, and what leaves a grouped node: fired rows, errors, late records.
#include "operators/grouped_node.h"

#include "base/assert.h"
#include "nodes/late_failure.h"
#include "operators/grouped_work.h"

namespace millrace {

GroupedNode::GroupedNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                         WindowPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      layout_(make_layout(plan_.grouped.select)),
      input_(std::move(stage), plan_.grouped.select, this->inputs()[0]),
      output_(plan_.grouped),
      timer_(plan_.emit) {
  const Input& input = this->inputs()[0];
  inputs_parallel_ = input.node->parallel();
  shape_of(Port::kMain) = output_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_shape(input_.stage_shape(), input.node->shape(input.port).has_bytes);
}

void GroupedNode::make(Work& work) const {
  input_.start(work.in);
  output_.make(work.out);
}

void GroupedNode::set_wanted(std::vector<bool> wanted) {
  output_.want(wanted);
  Node::set_wanted(std::move(wanted));
}

void GroupedNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(!shape(Port::kLate).has_bytes, late_wanted_, wanted);
}

void GroupedNode::prepare(Chunk& chunk) const {
  const Rows& rows = input_rows(chunk);
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, rows,
                 inputs_parallel_ ? rows.selection() : input_view(chunk).live);
}

const EventTime* GroupedNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

Result<void> GroupedNode::apply(Chunk& chunk, Range range) {
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
  clock_trigger(work, chunk.arrival_us, range.begin, w[range.begin]);
  fold_range(work, cut, w, places);
  pass_watermark(work, w, places, chunk.places());
  MILLRACE_TRY(finish_rows(work));
  input_.add_failed(work.in, cut, work.failed);
  count(work, chunk, cut);
  finish_errors(work);
  if (plan_.late == OperatorConfig::Late::kFail && work.late.size() != 0) {
    const LateRows::Late& first = work.late.front();
    return late_failure(
        *this, chunk,
        {work.in.stage.rows, &input_.stage_shape(), first.row, first.w, first.closed_at});
  }
  return {};
}

void GroupedNode::start_range(Work& work) const {
  output_.start(work.out, work.ports[Port::kMain]);
  work.late.start();
  work.failed.clear();
}

/// W_out = W - L, so that a chained window never sees these rows as late (R19).
void GroupedNode::pass_watermark(Work& work, const EventTime* w, Range range, uint32_t places) {
  work.watermarks.resize(places + 1);
  for (uint32_t i = range.begin; i <= range.end; ++i) {
    work.watermarks[i] =
        w[i] == kTimeMax ? kTimeMax : saturating_sub(w[i], plan_.allowed_lateness_us);
  }
  watermark_ = work.watermarks[range.end];
}

/// `work.failed` holds results too, which are no input rows.
void GroupedNode::count(const Work& work, const Chunk& chunk, const GroupedInput::Cut& cut) {
  const uint64_t rows = input_.rows_in(work.in, cut, input_rows(chunk));
  const uint64_t failed = work.failed.size() - work.out.failed_results;
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.errors += failed;
  counters.late += work.late.size();
  counters.used += cut.size() - work.late.size();
  counters.filtered += rows - cut.size() - failed;
  counters.out += work.now[Port::kMain].live.count;
}

Result<void> GroupedNode::finish_rows(Work& work) {
  Rows& out = work.ports[Port::kMain];
  if (!work.overflow.empty()) return Error{Code::kFailed, name() + ": " + work.overflow};
  if (auto finished = output_.finish(work.out, shape(), out, &snapshots_); !finished) {
    return Error{finished.error().code, name() + ": " + finished.error().message};
  }
  rows_done(work);
  work.now[Port::kMain] = {&out, out.selection()};
  output_.add_failed(work.out, work.failed);
  Rows& late = work.ports[Port::kLate];
  work.late.finish(name(), *work.in.stage.rows, shape(Port::kLate), work.in.groups,
                   plan_.late != OperatorConfig::Late::kDrop, late);
  work.now[Port::kLate] = {&late, late.selection()};
  return {};
}

void GroupedNode::finish_errors(Work& work) const {
  Rows& rows = work.ports[Port::kErrors];
  work.error_rows.write(work.failed, rows, name());
  work.now[Port::kErrors] = {&rows, rows.selection()};
}

void GroupedNode::add_late(Work& work, uint32_t row, EventTime w, const Span& window,
                           EventTime end) {
  const bool after_idle = work.chunk->is_after_idle(work.in.stage.rows->record_of(row));
  counters.late_after_idle += after_idle;
  work.late.add({row, w, window, saturating_add(end, plan_.allowed_lateness_us), after_idle});
}

std::optional<OpenWork> GroupedNode::open_work() const {
  OpenWork out;
  if (!next_due(out.closes_at)) return out;
  out.open = open_windows();
  // Whole stream: groups live on, and only append waits for the end to show them.
  if (!plan_.grouped.windowed) {
    out.what = "groups";
    out.closes_at = kTimeMax;
    if (plan_.emit.mode != Mode::kAppend || !changed_since_fired_) out.open = 0;
    return out;
  }
  out.next_end = saturating_sub(out.closes_at, plan_.allowed_lateness_us);
  return out;
}

void GroupedNode::save(uint64_t, Commit&, JsonValue& meta) {
  meta.set("changed", JsonValue::boolean(changed_since_fired_));
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("running", JsonValue::integer(timer_.running()));
  meta.set("snapshots", JsonValue::integer(snapshots_));
}

Result<void> GroupedNode::restore(const JsonValue& meta, CommitLog&) {
  watermark_ = meta_number(meta, "watermark", kTimeNone);
  timer_.restore(meta_number(meta, "running", kTimeNone));
  snapshots_ = meta_number(meta, "snapshots", 0);
  const JsonValue* changed = meta.find("changed");
  changed_since_fired_ = changed && changed->is_bool() && changed->as_bool();
  return {};
}

}  // namespace millrace
