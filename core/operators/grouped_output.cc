// What leaves a grouped operator: its shape, and computing the fired rows.
#include "operators/grouped_output.h"

#include <algorithm>

#include "nodes/key_text.h"
#include "nodes/stage.h"

namespace millrace {

using Mode = EmitConfig::Mode;

GroupedOutput::GroupedOutput(const GroupedPlan& plan) : plan_(plan) {
  for (uint32_t i = 0; i < plan_.group_names.size(); ++i) {
    const std::string& name = plan_.group_names[i];
    const bool start = name == "window_start",
               bound = plan_.windowed && (start || name == "window_end");
    if (bound) {
      bounds_[start ? 0 : 1] = i;
    } else {
      shown_groups_.push_back(i);
    }
  }
  for (uint32_t i = 0; i < plan_.select.outputs.size(); ++i) {
    const auto& names = plan_.group_names;
    // A group that is also selected is written once.
    if (std::find(names.begin(), names.end(), plan_.select.output_names[i]) != names.end())
      continue;
    shown_outputs_.push_back(i);
  }
  // Only these take back what they have shown.
  const bool deletes =
      plan_.over_table || plan_.select.having || plan_.ranked() || plan_.starts_vanish;
  first_field_ = plan_.mode == Mode::kUpdate && deletes ? 1 : 0;
}

/// `op`, then the identity and the rest of select, then `final` (contract §4).
Shape GroupedOutput::shape() const {
  Shape shape;
  std::vector<Field> fields;
  const auto add_key = [&](std::string name, Type type) {
    shape.key.push_back(static_cast<uint32_t>(fields.size()));
    fields.push_back({std::move(name), type});
  };
  if (first_field_ == 1) {
    shape.op = 0;
    shape.omitted_when_null.push_back("op");
    fields.push_back({"op", Type::kText});
  }
  for (uint32_t bound = 0; bound < 2 && plan_.windowed; ++bound) {
    const char* name = bound == 0 ? "window_start" : "window_end";
    const Type type =
        bounds_[bound] ? plan_.select.groups[*bounds_[bound]].type() : Type::kTimestamptz;
    if (bound == 0 || plan_.end_in_identity || bounds_[bound]) {
      add_key(name, type);
    } else {
      fields.push_back({name, type});
    }
  }
  for (uint32_t i : shown_groups_) {
    shape.record_key.push_back(static_cast<uint32_t>(fields.size()));
    add_key(plan_.group_names[i], plan_.select.groups[i].type());
  }
  for (uint32_t i : shown_outputs_) {
    fields.push_back({plan_.select.output_names[i], plan_.select.outputs[i].type()});
  }
  if (plan_.mode == Mode::kUpdate && plan_.windowed) {
    shape.final_mark = static_cast<uint32_t>(fields.size());
    fields.push_back({"final", Type::kBool});
  }
  shape.visible = static_cast<uint32_t>(fields.size());
  shape.is_table = plan_.mode != Mode::kAppend;
  fields.push_back({"event_time()", Type::kTimestamptz});
  if (plan_.mode == Mode::kComplete) {
    shape.frame = static_cast<uint32_t>(fields.size());
    fields.push_back({"#frame", Type::kText});
  }
  if (!shown_groups_.empty()) fields.push_back({"record_key()", Type::kText});
  shape.schema = Schema(std::move(fields));
  return shape;
}

void GroupedOutput::want(const std::vector<bool>& fields) {
  keys_wanted_ = !shown_groups_.empty() && !fields.empty() && fields.back();
}

void GroupedOutput::make(Work& work) const {
  work.output_scratch.resize(plan_.select.outputs.size());
  work.order_scratch.resize(plan_.select.order.size());
  work.limit_scratch.resize(plan_.select.limit_by.size());
  const auto make_derived = [&](DerivedRows& rows) {
    rows.columns.resize(plan_.select.derived.size());
    for (const Column& column : rows.columns) rows.view.push_back(&column);
  };
  make_derived(work.derived);
  make_derived(work.candidates);
}

void GroupedOutput::start(Work& work, Rows& out) const {
  reset_derived(work.derived);
  work.emit_failures.clear();
  work.keys.clear();
  work.bytes.clear();
  work.firings.clear();
  work.emissions.clear();
  work.any_vanished = false;
  out.clear();
  out.own_record.clear();
  out.own_time.clear();
}

Result<void> GroupedOutput::finish(Work& work, const Shape& out_shape, Rows& out,
                                   int64_t* snapshots) const {
  const Selection live = compute(work, out_shape, out);
  render_failed(work, out_shape, out);
  if (plan_.mode == Mode::kAppend && !plan_.ranked()) {
    out.all_live = live.rows == nullptr && live.count == out.count;
    if (!out.all_live) keep_selection(live, out.live);
    return {};
  }
  work.alive.resize(out.count);
  std::fill(work.alive.begin(), work.alive.end(), uint8_t{0});
  for (uint32_t i = 0; i < live.count; ++i) work.alive[live[i]] = 1;
  if (!plan_.ranked()) {
    work.ranked.clear();
    for (Firing& firing : work.firings) {
      for (uint32_t row = firing.begin; row < firing.end; ++row) work.ranked.push_back(row);
      firing.ranked_end = static_cast<uint32_t>(work.ranked.size());
    }
  }
  work.picks.clear();
  switch (plan_.mode) {
    case Mode::kAppend: pick_ranked(work); break;
    case Mode::kUpdate: pick_changes(work, out, out_shape); break;
    case Mode::kComplete: MILLRACE_TRY(pick_frames(work, *snapshots)); break;
  }
  write_picks(work, out_shape, out);
  return {};
}

/// Fills the columns of `out` by derived row; returns the rows that are shown and could be
/// computed.
Selection GroupedOutput::compute(Work& work, const Shape& out_shape, Rows& out) const {
  const auto count = static_cast<uint32_t>(out.own_record.size());
  out.count = count;
  out.record = out.own_record.data();
  out.time = out.own_time.data();
  work.output_errors.start(count);
  for (RowError& error : work.emit_failures) {
    work.output_errors.add(error.row, error.sqlstate, error.program, error.place,
                           std::move(error.text));
  }
  const Inputs inputs{work.derived.view, count};
  Selection live = work.output_errors.drop_failed(Selection::all(count), out.live);
  if (work.any_vanished) live = without_vanished(work, live, out);
  if (plan_.select.having && count > 0) {
    live = filter(*plan_.select.having, inputs, live, work.having_scratch, work.output_errors);
    live = keep_selection(live, out.live);
  }
  if (plan_.ranked()) live = rank(work, live, out);
  out.columns.assign(out_shape.schema.size(), nullptr);
  size_t field = first_field_;
  for (uint32_t bound = 0; bound < 2 && plan_.windowed; ++bound) {
    out.columns[field++] =
        &work.derived.columns[bounds_[bound].value_or(plan_.select.window_start + bound)];
  }
  for (uint32_t i : shown_groups_) out.columns[field++] = &work.derived.columns[i];
  for (uint32_t i : shown_outputs_) {
    const size_t failed_before = work.output_errors.size();
    out.columns[field++] = &evaluate(plan_.select.outputs[i], inputs, live, work.output_scratch[i],
                                     work.output_errors);
    if (work.output_errors.size() != failed_before)
      live = work.output_errors.drop_failed(live, out.live);
  }
  if (plan_.mode == Mode::kUpdate && plan_.windowed) ++field;
  Column& time = out.own_column(0);
  time.reset(Type::kTimestamptz, count);
  for (uint32_t i = 0; i < count; ++i) time.ints[i] = out.own_time[i];
  out.columns[field] = &time;
  if (keys_wanted_) write_record_keys(work, out_shape, out);
  return live;
}

/// The columns of `group_by` as one text (E27); a single one that is NULL is no key.
void GroupedOutput::write_record_keys(const Work& work, const Shape& out_shape, Rows& out) const {
  std::vector<const Column*> groups;
  for (uint32_t i : shown_groups_) groups.push_back(&work.derived.columns[i]);
  const size_t field = out_shape.schema.size() - 1;
  Column& keys = out.own_column(field + 2);  // Those before it are the picked rows'.
  keys.reset(Type::kText, out.count);
  ByteBuffer text;
  for (uint32_t row = 0; row < out.count; ++row) {
    if (groups.size() == 1 && !groups[0]->valid(row)) {
      keys.set_cell(row, kNull, out.count);
      continue;
    }
    text.clear();
    write_key_text(groups, row, text);
    keys.texts[row] = keys.bytes.store(text.view());
  }
  out.columns[field] = &keys;
}

void GroupedOutput::render_failed(Work& work, const Shape& out_shape, const Rows& out) const {
  work.failed.clear();
  for (const RowError& error : work.output_errors.list()) {
    work.text.clear();
    write_row_json(out, out_shape, error.row, work.text);
    FailedRow row;
    row.record = out.own_record[error.row];
    row.time = out.own_time[error.row];
    row.reason = reason_of(error, work.bytes);
    row.place = place_of(error, work.bytes);
    row.bytes = work.bytes.store(work.text.view());
    row.is_json = true;
    work.failed.push_back(row);
  }
  work.failed_results = work.failed.size();
}

void GroupedOutput::add_failed(Work& work, std::vector<FailedRow>& failed) const {
  failed.insert(failed.end(), work.failed.begin(), work.failed.end());
}

}  // namespace millrace
