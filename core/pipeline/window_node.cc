#include "pipeline/window_node.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "json/value.h"
#include "pipeline/stateless_node.h"
#include "window/group_key.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors),
               kLate = static_cast<size_t>(Port::kLate);

AggregateLayout make_layout(const GroupedSelect& select) {
  std::vector<const AggregateFunction*> functions;
  for (const auto& call : select.calls) functions.push_back(call.function);
  return AggregateLayout(std::move(functions));
}

std::string layout_text(const WindowPlan& plan) {
  std::string text = "groups:";
  for (const Program& group : plan.select.groups) text += std::string(type_name(group.type())) + ",";
  return text + make_layout(plan.select).describe();
}

}  // namespace

struct WindowNode::Work final : NodeWork {
  StageWork stage;
  std::vector<Scratch> group_scratch, argument_scratch, filter_scratch, output_scratch;
  std::vector<const Column*> groups, arguments;
  std::vector<Buffer<uint8_t>> passes;  ///< Per filter and row.
  Buffer<uint32_t> live;                ///< Rows to fold: keys and arguments are there.
  std::string keys;
  Buffer<uint32_t> key_ends;  ///< Per live row.
  Buffer<uint64_t> hashes;
  Buffer<EventTime> watermarks;

  // One flush of the fold.
  Buffer<std::byte*> states, filtered_states;
  Buffer<uint32_t> folded, filtered;

  // Fired rows over the derived schema.
  std::vector<Column> derived;
  std::vector<const Column*> derived_view;
  RowErrors emit_errors, output_errors;
  std::vector<RowError> emit_failures;
  ByteArena fired_keys;
  Scratch having_scratch;

  Buffer<uint32_t> late_rows;
  Buffer<EventTime> late_w;
  ErrorRows error_rows;
  std::vector<FailedRow> stage_failed, failed;  ///< Of prepare; of this range, results included.
  size_t failed_results = 0;
  ByteArena stage_bytes, result_bytes;
};

/// Where the fold stands.
struct WindowNode::Fold {
  const EventTime* w;      ///< By record.
  uint32_t begin;          ///< First record of the range.
  EventTime w_end;         ///< W behind the range.
  EventTime next_close;    ///< W at which something fires; kTimeMax and `due` false: nothing.
  bool due;
  GroupSlice* slice = nullptr;
  bool slice_is_safe = false;  ///< No record of `slice` can be late within this range.
};

WindowNode::WindowNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan)
    : Node(std::move(name), std::move(inputs)),
      stage_(std::move(stage)),
      plan_(std::move(plan)),
      groups_(make_layout(plan_.select), plan_.slicer, plan_.allowed_lateness_us),
      blocks_(this->name(), layout_text(plan_)) {
  const Input& input = this->inputs()[0];
  inputs_parallel_ = input.node->parallel();
  stage_shape_ = make_stage_shape(input.node->shape(input.port), stage_.explode);
  make_shapes();
}

void WindowNode::make_shapes() {
  std::vector<Field> fields;
  if (plan_.windowed) {
    fields.push_back({"window_start", Type::kTimestamptz});
    fields.push_back({"window_end", Type::kTimestamptz});
  }
  for (size_t i = 0; i < plan_.group_names.size(); ++i) {
    fields.push_back({plan_.group_names[i], plan_.select.groups[i].type()});
  }
  for (uint32_t i = 0; i < plan_.select.outputs.size(); ++i) {
    const std::string& alias = plan_.select.output_names[i];
    if (std::find(plan_.group_names.begin(), plan_.group_names.end(), alias) != plan_.group_names.end()) {
      continue;  // A group that is also selected is written once.
    }
    shown_outputs_.push_back(i);
    fields.push_back({alias, plan_.select.outputs[i].type()});
  }
  Shape& main = shape_of(Port::kMain);
  main.visible = static_cast<uint32_t>(fields.size());
  fields.push_back({"event_time()", Type::kTimestamptz});
  main.schema = Schema(std::move(fields));
  shape_of(Port::kErrors) = ErrorRows::shape();
  Shape& late = shape_of(Port::kLate);
  late = stage_shape_;
  late.has_bytes = inputs()[0].node->shape(inputs()[0].port).has_bytes;
  constexpr Type kTypes[] = {Type::kText,        Type::kTimestamptz, Type::kTimestamptz, Type::kTimestamptz,
                             Type::kTimestamptz, Type::kInt8,        Type::kText};
  for (size_t i = 0; i < std::size(kLateContext); ++i) {
    late.schema.add(std::string(kLateContext[i]), kTypes[i]);
  }
}

std::unique_ptr<NodeWork> WindowNode::make_work() const {
  auto work = std::make_unique<Work>();
  const GroupedSelect& select = plan_.select;
  work->group_scratch.resize(select.groups.size());
  work->argument_scratch.resize(select.arguments.size());
  work->filter_scratch.resize(select.filters.size());
  work->output_scratch.resize(select.outputs.size());
  work->groups.resize(select.groups.size());
  work->arguments.resize(select.arguments.size());
  work->passes.resize(select.filters.size());
  work->derived.resize(select.derived.size());
  for (Column& column : work->derived) work->derived_view.push_back(&column);
  return work;
}

void WindowNode::demand(size_t, std::vector<bool>& wanted) const {
  std::vector<bool> stage_wanted(stage_shape_.schema.size());
  if (stage_.filter) mark_fields(*stage_.filter, stage_wanted);
  for (const auto* programs : {&plan_.select.groups, &plan_.select.arguments, &plan_.select.filters}) {
    for (const Program& program : *programs) mark_fields(program, stage_wanted);
  }
  // Late records that are no source records are written from their columns.
  if (!shape(Port::kLate).has_bytes) {
    for (uint32_t i = 0; i < stage_shape_.visible; ++i) stage_wanted[i] = true;
  }
  demand_through_explode(stage_.explode, stage_wanted, wanted);
}

void WindowNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<Work&>(work_of(chunk));
  const Rows& input = input_rows(chunk);
  const Selection live = inputs_parallel_ ? input.selection() : input_view(chunk).live;
  run_stage(stage_, input, live, work.stage, work.errors);
  const Inputs inputs{work.stage.rows->columns, work.stage.rows->count};
  Selection rows = work.stage.live;
  const auto run = [&](const Program& program, Scratch& scratch) {
    const size_t failed_before = work.errors.size();
    const Column& column = evaluate(program, inputs, rows, scratch, work.errors);
    if (work.errors.size() != failed_before) rows = work.errors.drop_failed(rows, work.live);
    return &column;
  };
  for (size_t i = 0; i < plan_.select.groups.size(); ++i) {
    work.groups[i] = run(plan_.select.groups[i], work.group_scratch[i]);
  }
  for (size_t i = 0; i < plan_.select.arguments.size(); ++i) {
    work.arguments[i] = run(plan_.select.arguments[i], work.argument_scratch[i]);
  }
  for (size_t i = 0; i < plan_.select.filters.size(); ++i) {
    const Column& column = *run(plan_.select.filters[i], work.filter_scratch[i]);
    work.passes[i].resize(inputs.rows);
    for (uint32_t k = 0; k < rows.count; ++k) {
      const uint32_t row = rows[k];
      work.passes[i][row] = column.valid(row) && column.bools[column.constant ? 0 : row];
    }
  }
  keep_selection(rows, work.live);
  write_keys(work);
  const Input& from = this->inputs()[0];
  collect_stage_errors(work.stage, input, from.node->shape(from.port), stage_shape_, work.errors,
                       work.stage_bytes, work.stage_failed);
}

void WindowNode::write_keys(Work& work) const {
  work.keys.clear();
  work.key_ends.resize(work.live.size());
  work.hashes.resize(work.live.size());
  for (size_t i = 0; i < work.live.size(); ++i) {
    const size_t begin = work.keys.size();
    write_group_key(work.groups, work.live[i], work.keys);
    work.key_ends[i] = static_cast<uint32_t>(work.keys.size());
    work.hashes[i] = hash_bytes({work.keys.data() + begin, work.keys.size() - begin});
  }
}

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
  const Range records{range.begin, range.last ? chunk.records : range.end, range.last};
  fold_range(work, {work.live.data() + first, behind - first}, first, w, records);
  pass_watermark(work, w, records, chunk.records);
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
void WindowNode::pass_watermark(Work& work, const EventTime* w, Range range, uint32_t records) {
  work.watermarks.resize(records + 1);
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
void WindowNode::update(Work& work) const {
  if (work.folded.empty()) return;
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
    fire(work, due.window, behind > fold.begin ? behind - 1 : fold.begin);
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

/// Computes what is shown of the fired groups; results that do not fit leave by `.errors` (R47).
void WindowNode::finish_rows(Work& work) const {
  Rows& out = work.ports[kMain];
  const auto count = static_cast<uint32_t>(out.own_record.size());
  out.count = count;
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  work.output_errors.start(count);
  for (RowError& error : work.emit_failures) {
    work.output_errors.add(error.row, error.sqlstate, error.program, error.place, std::move(error.text));
  }
  const Inputs inputs{work.derived_view, count};
  Selection live = work.output_errors.drop_failed(Selection::all(count), out.live);
  if (plan_.select.having && count > 0) {
    live = filter(*plan_.select.having, inputs, live, work.having_scratch, work.output_errors);
    live = keep_selection(live, out.live);
  }
  out.columns.assign(shape().schema.size(), nullptr);
  size_t field = 0;
  if (plan_.windowed) {
    out.columns[field++] = &work.derived[plan_.select.window_start];
    out.columns[field++] = &work.derived[plan_.select.window_start + 1];
  }
  for (size_t i = 0; i < plan_.group_names.size(); ++i) out.columns[field++] = &work.derived[i];
  for (uint32_t i : shown_outputs_) {
    const size_t failed_before = work.output_errors.size();
    out.columns[field++] =
        &evaluate(plan_.select.outputs[i], inputs, live, work.output_scratch[i], work.output_errors);
    if (work.output_errors.size() != failed_before) live = work.output_errors.drop_failed(live, out.live);
  }
  Column& time = out.own_column(0);
  time.reset(Type::kTimestamptz, count);
  for (uint32_t i = 0; i < count; ++i) time.ints[i] = out.own_time[i];
  out.columns[field] = &time;
  out.all_live = live.rows == nullptr && live.count == count;
  if (!out.all_live) keep_selection(live, out.live);
  work.now[kMain] = {&out, out.selection()};
}

void WindowNode::finish_errors(Work& work) const {
  Rows& rows = work.ports[kErrors];
  std::stable_sort(work.failed.begin(), work.failed.end(),
                   [](const FailedRow& a, const FailedRow& b) { return a.record < b.record; });
  work.error_rows.write(work.failed, rows, name());
  work.now[kErrors] = {&rows, rows.selection()};
}

void WindowNode::add_failed_results(Work& work) const {
  const Rows& out = work.ports[kMain];
  ByteBuffer text;
  for (const RowError& error : work.output_errors.list()) {
    text.clear();
    write_row_json(out, shape(), error.row, text);
    FailedRow failed;
    failed.record = out.own_record[error.row];
    failed.time = out.own_time[error.row];
    failed.reason = reason_of(error, work.result_bytes);
    failed.place = place_of(error, work.result_bytes);
    failed.bytes = work.result_bytes.store(text.view());
    failed.is_json = true;
    work.failed.push_back(failed);
  }
  work.failed_results = work.output_errors.size();
}

void WindowNode::add_late(Work& work, uint32_t row, EventTime w) const {
  work.late_rows.push_back(row);
  work.late_w.push_back(w);
}

/// Late rows are the rows of the stage, cut to those, with R13's context behind the fields.
void WindowNode::finish_late(Work& work) const {
  Rows& out = work.ports[kLate];
  const Rows& stage = *work.stage.rows;
  out.clear();
  out.count = stage.count;
  out.record = stage.record;
  out.time = stage.time;
  out.batch = stage.batch;
  out.origin = stage.origin;
  out.all_live = false;
  if (plan_.late != OperatorConfig::Late::kDrop) {
    keep_selection({work.late_rows.data(), static_cast<uint32_t>(work.late_rows.size())}, out.live);
  }
  out.columns = stage.columns;
  out.columns.resize(shape(Port::kLate).schema.size(), nullptr);
  work.now[kLate] = {&out, out.selection()};
  if (out.live.empty()) return;
  enum Context : size_t { kKey, kTime, kW, kStart, kEnd, kLateBy, kReason, kCount };
  const size_t first = out.columns.size() - kCount;
  for (size_t i = 0; i < kCount; ++i) {
    Column& column = out.own_column(i);
    column.reset(shape(Port::kLate).schema[static_cast<uint32_t>(first + i)].type, out.count);
    out.columns[first + i] = &column;
  }
  ByteBuffer key;
  for (size_t i = 0; i < work.late_rows.size(); ++i) {
    const uint32_t row = work.late_rows[i];
    const EventTime t = out.time[row], w = work.late_w[i];
    // The closest window is the one that closed last (R13).
    const EventTime end = plan_.slicer.last_end_of(t);
    const Span window = plan_.slicer.first_window_ending_after(end - 1);
    key.clear();
    write_key_text(work, row, key);
    out.own[kKey]->texts[row] = out.own[kKey]->bytes.store(key.view());
    out.own[kTime]->ints[row] = t;
    out.own[kW]->ints[row] = w;
    out.own[kStart]->ints[row] = window.start;
    out.own[kEnd]->ints[row] = window.end;
    out.own[kLateBy]->ints[row] =
        floor_div(saturating_sub(w, saturating_add(end, plan_.allowed_lateness_us)), 1000);
    out.own[kReason]->texts[row] = "window closed";
  }
}

/// The record key after group_by (E27): one column its text, several a JSON array.
void WindowNode::write_key_text(const Work& work, uint32_t row, ByteBuffer& out) const {
  if (work.groups.size() == 1 && work.groups[0]->type == Type::kText && work.groups[0]->valid(row)) {
    return out.append(work.groups[0]->texts[work.groups[0]->constant ? 0 : row]);
  }
  if (work.groups.size() != 1) out.append('[');
  for (size_t i = 0; i < work.groups.size(); ++i) {
    if (i) out.append(',');
    write_json_cell(*work.groups[i], row, out);
  }
  if (work.groups.size() != 1) out.append(']');
}

const EventTime* WindowNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

void WindowNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  blocks_.save(groups_, epoch, commit);
  meta.set("fired_upto", JsonValue::integer(groups_.fired_upto()));
  meta.set("closed_upto", JsonValue::integer(groups_.closed_upto()));
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
}

Result<void> WindowNode::restore(const JsonValue& meta, CommitLog& log) {
  const auto time = [&](std::string_view key) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : kTimeNone;
  };
  groups_.restore_closed(time("fired_upto"), time("closed_upto"));
  watermark_ = time("watermark");
  return blocks_.restore(groups_, log);
}

}  // namespace millrace
