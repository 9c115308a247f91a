// What leaves a window: fired rows, errors, late records, and state for the commit.
#include <algorithm>

#include "pipeline/window_work.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors),
               kLate = static_cast<size_t>(Port::kLate);

}  // namespace

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
  meta.set("changed", JsonValue::boolean(changed_since_fired_));
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
}

Result<void> WindowNode::restore(const JsonValue& meta, CommitLog& log) {
  const auto time = [&](std::string_view key) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : kTimeNone;
  };
  groups_.restore_closed(time("fired_upto"), time("closed_upto"));
  watermark_ = time("watermark");
  const JsonValue* changed = meta.find("changed");
  changed_since_fired_ = changed && changed->is_bool() && changed->as_bool();
  return blocks_.restore(groups_, log);
}

}  // namespace millrace
