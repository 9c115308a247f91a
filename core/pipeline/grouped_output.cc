#include "pipeline/grouped_output.h"

#include <algorithm>

#include "base/assert.h"
#include "pipeline/stage.h"
#include "window/group_key.h"

namespace millrace {

GroupedOutput::GroupedOutput(const GroupedPlan& plan) : plan_(plan) {
  for (uint32_t i = 0; i < plan_.select.outputs.size(); ++i) {
    const auto& names = plan_.group_names;
    // A group that is also selected is written once.
    if (std::find(names.begin(), names.end(), plan_.select.output_names[i]) != names.end()) continue;
    shown_outputs_.push_back(i);
  }
}

Shape GroupedOutput::shape() const {
  std::vector<Field> fields;
  if (plan_.windowed) {
    fields.push_back({"window_start", Type::kTimestamptz});
    fields.push_back({"window_end", Type::kTimestamptz});
  }
  for (size_t i = 0; i < plan_.group_names.size(); ++i) {
    fields.push_back({plan_.group_names[i], plan_.select.groups[i].type()});
  }
  for (uint32_t i : shown_outputs_) {
    fields.push_back({plan_.select.output_names[i], plan_.select.outputs[i].type()});
  }
  Shape shape;
  shape.visible = static_cast<uint32_t>(fields.size());
  fields.push_back({"event_time()", Type::kTimestamptz});
  shape.schema = Schema(std::move(fields));
  return shape;
}

void GroupedOutput::make(Work& work) const {
  work.output_scratch.resize(plan_.select.outputs.size());
  work.derived.resize(plan_.select.derived.size());
  for (Column& column : work.derived) work.derived_view.push_back(&column);
}

void GroupedOutput::start(Work& work, Rows& out) const {
  for (uint32_t i = 0; i < work.derived.size(); ++i) {
    work.derived[i].reset(plan_.select.derived[i].type, 0);
  }
  work.emit_failures.clear();
  work.keys.clear();
  work.bytes.clear();
  out.clear();
  out.own_record.clear();
  out.own_time.clear();
}

std::vector<uint32_t> GroupedOutput::order_of(const std::vector<FiredGroup>& groups) const {
  const size_t group_count = plan_.select.groups.size();
  std::vector<Column> keys(group_count);
  for (size_t i = 0; i < group_count; ++i) keys[i].reset(plan_.select.groups[i].type(), 0);
  for (const FiredGroup& group : groups) MILLRACE_ASSERT(read_group_key(group.key, keys));
  std::vector<uint32_t> order(groups.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Span &x = groups[a].window, &y = groups[b].window;
    if (x.end != y.end) return x.end < y.end;
    if (x.start != y.start) return x.start < y.start;
    return compare_groups(keys, a, b) < 0;
  });
  return order;
}

void GroupedOutput::fire(Work& work, std::vector<FiredGroup>& groups, const AggregateLayout& layout,
                         uint32_t release, Rows& out) const {
  const size_t group_count = plan_.select.groups.size();
  for (FiredGroup& group : groups) group.key = work.keys.store(group.key);
  work.emit_errors.start(static_cast<uint32_t>(out.own_record.size() + groups.size()));
  for (uint32_t i : order_of(groups)) {
    const FiredGroup& group = groups[i];
    MILLRACE_ASSERT(read_group_key(group.key, {work.derived.data(), group_count}));
    for (size_t k = 0; k < layout.size(); ++k) {
      layout.function(k).kernel.emit(group.state + layout.offset(k), work.derived[group_count + k],
                                     work.emit_errors);
    }
    if (plan_.windowed) {
      work.derived[plan_.select.window_start].ints.push_back(group.window.start);
      work.derived[plan_.select.window_start + 1].ints.push_back(group.window.end);
    }
    out.own_record.push_back(release);
    out.own_time.push_back(group.time);
  }
  for (const RowError& error : work.emit_errors.list()) work.emit_failures.push_back(error);
}

void GroupedOutput::finish(Work& work, const Shape& out_shape, Rows& out) const {
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
  out.columns.assign(out_shape.schema.size(), nullptr);
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
}

void GroupedOutput::add_failed(Work& work, const Shape& out_shape, const Rows& out,
                               std::vector<FailedRow>& failed) const {
  ByteBuffer text;
  for (const RowError& error : work.output_errors.list()) {
    text.clear();
    write_row_json(out, out_shape, error.row, text);
    FailedRow row;
    row.record = out.own_record[error.row];
    row.time = out.own_time[error.row];
    row.reason = reason_of(error, work.bytes);
    row.place = place_of(error, work.bytes);
    row.bytes = work.bytes.store(text.view());
    row.is_json = true;
    failed.push_back(row);
  }
  work.failed_results = work.output_errors.size();
}

}  // namespace millrace
