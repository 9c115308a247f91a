#include "nodes/stateless_node.h"

#include <algorithm>
#include <iterator>

namespace millrace {

struct StatelessNode::Work final : NodeWork {
  StageWork stage;
  std::vector<Scratch> scratch;
  Buffer<uint32_t> live;
  std::vector<FailedRow> failed;
  ErrorRows error_rows;
  ByteArena error_bytes;
  std::optional<Retimer::Work> retime;
};

void mark_fields(const Program& program, std::vector<bool>& wanted) {
  for (uint32_t field : program.fields()) wanted[field] = true;
}

void demand_through_explode(const std::optional<ExplodePlan>& explode,
                            const std::vector<bool>& stage_wanted, std::vector<bool>& wanted) {
  for (size_t field = 0; field < stage_wanted.size(); ++field) {
    if (!stage_wanted[field]) continue;
    if (!explode) {
      wanted[field] = true;
    } else if (explode->from_input[field] >= 0) {
      wanted[static_cast<size_t>(explode->from_input[field])] = true;
    }
  }
  if (explode) wanted[explode->array] = true;
}

Shape make_stage_shape(const Shape& input, const std::optional<ExplodePlan>& explode) {
  Shape shape = input;
  if (!explode) return shape;
  shape.schema = explode->schema;
  shape.visible = explode->visible;
  shape.has_bytes = false;
  shape.record_key.clear();
  for (uint32_t field : input.record_key) {
    const auto& from = explode->from_input;
    const auto place = std::find(from.begin(), from.end(), static_cast<int32_t>(field));
    if (place != from.end())
      shape.record_key.push_back(static_cast<uint32_t>(place - from.begin()));
  }
  return shape;
}

namespace {

/// Fields of the stage that are the record's key and that a select would lose.
std::vector<uint32_t> shown_keys(const Shape& stage) {
  std::vector<uint32_t> out;
  std::copy_if(stage.record_key.begin(), stage.record_key.end(), std::back_inserter(out),
               [&](uint32_t field) { return field < stage.visible; });
  return out;
}

}  // namespace

Shape StatelessNode::make_shape(const Shape& stage, const std::optional<SelectPlan>& select) {
  Shape main = stage;
  if (!select) return main;
  std::vector<Field> fields;
  for (size_t i = 0; i < select->names.size(); ++i) {
    fields.push_back({select->names[i], select->programs[i].type()});
  }
  main.visible = static_cast<uint32_t>(fields.size());
  main.omitted_when_null.clear();
  main.record_key.clear();
  main.has_bytes = false;
  // The functions of the record itself go on working behind a select.
  for (uint32_t i = stage.visible; i < stage.schema.size(); ++i) fields.push_back(stage.schema[i]);
  // So does its key, which a group_by in front made of fields that are not shown any more (E27).
  for (uint32_t field : stage.record_key) {
    if (field >= stage.visible) {
      main.record_key.push_back(main.visible + field - stage.visible);
    } else {
      main.record_key.push_back(static_cast<uint32_t>(fields.size()));
      fields.push_back({"#key " + stage.schema[field].name, stage.schema[field].type});
    }
  }
  main.schema = Schema(std::move(fields));
  return main;
}

StatelessNode::StatelessNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                             std::optional<SelectPlan> select, std::optional<RetimePlan> retime)
    : Node(std::move(name), std::move(inputs)),
      stage_(std::move(stage)),
      select_(std::move(select)) {
  const Input& input = this->inputs()[0];
  inputs_parallel_ = input.node->parallel();
  stage_shape_ = make_stage_shape(input.node->shape(input.port), stage_.explode);
  shape_of(Port::kMain) = make_shape(stage_shape_, select_);
  shown_keys_ = shown_keys(stage_shape_);
  shape_of(Port::kErrors) = ErrorRows::shape();
  if (retime) retimer_.emplace(std::move(*retime), this->inputs());
}

std::unique_ptr<NodeWork> StatelessNode::make_work() const {
  auto work = std::make_unique<Work>();
  if (select_) work->scratch.resize(select_->programs.size());
  if (retimer_) work->retime.emplace(retimer_->plan().time);
  return work;
}

void StatelessNode::demand(size_t, std::vector<bool>& wanted) const {
  std::vector<bool> stage_wanted(stage_shape_.schema.size());
  if (stage_.filter) mark_fields(*stage_.filter, stage_wanted);
  if (select_) {
    for (const Program& program : select_->programs) mark_fields(program, stage_wanted);
  }
  if (retimer_ && !select_) stage_wanted[retimer_->plan().field] = true;
  for (uint32_t field = select_ ? shape().visible : 0; field < wanted_.size(); ++field) {
    if (wanted_[field]) stage_wanted[select_ ? stage_field(field) : field] = true;
  }
  demand_through_explode(stage_.explode, stage_wanted, wanted);
}

/// Behind a select: the field of the stage that a hidden field is.
uint32_t StatelessNode::stage_field(uint32_t hidden) const {
  const uint32_t at = hidden - shape().visible + stage_shape_.visible;
  const uint32_t known = stage_shape_.schema.size();
  return at < known ? at : shown_keys_[at - known];
}

void StatelessNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<Work&>(work_of(chunk));
  const Rows& input = input_rows(chunk);
  // Behind an ordered node only the rows of the range exist; ahead of it all of them.
  const Selection live = parallel() ? input.selection() : input_view(chunk).live;
  run_stage(stage_, input, live, work.stage, work.errors);
  share(work);
  if (select_) select(work);
  if (retimer_) retime(work, chunk.arrival_us);
  const Input& from = inputs()[0];
  collect_stage_errors(work.stage, input, from.node->shape(from.port), stage_shape_, work.errors,
                       work.error_bytes, work.failed);
  work.error_rows.write(work.failed, work.ports[Port::kErrors], name());
}

/// The stage's rows become this node's rows; nothing is copied but the selection.
void StatelessNode::share(Work& work) const {
  const Rows& stage = *work.stage.rows;
  Rows& out = work.ports[Port::kMain];
  out.clear();
  out.count = stage.count;
  out.record = stage.record;
  out.time = stage.time;
  if (!select_) {
    out.columns = stage.columns;
    if (!stage_.explode) {
      out.batch = stage.batch;
      out.origin = stage.origin;
    }
  }
  const Selection live = work.stage.live;
  out.all_live = live.rows == nullptr && live.count == out.count;
  if (!out.all_live) keep_selection(live, out.live);
}

void StatelessNode::select(Work& work) const {
  const Rows& stage = *work.stage.rows;
  Rows& out = work.ports[Port::kMain];
  const Inputs inputs{stage.columns, stage.count};
  out.columns.assign(shape().schema.size(), nullptr);
  Selection live = out.selection();
  for (size_t i = 0; i < select_->programs.size(); ++i) {
    const size_t failed_before = work.errors.size();
    out.columns[i] = &evaluate(select_->programs[i], inputs, live, work.scratch[i], work.errors);
    if (work.errors.size() == failed_before) continue;
    live = keep_selection(work.errors.drop_failed(live, out.live), out.live);
    out.all_live = false;
  }
  for (uint32_t hidden = shape().visible; hidden < shape().schema.size(); ++hidden) {
    out.columns[hidden] = stage.columns[stage_field(hidden)];
  }
}

void StatelessNode::retime(Work& work, int64_t now_us) const {
  Rows& out = work.ports[Port::kMain];
  const size_t failed_before = work.errors.size();
  retimer_->read(*work.retime, out, out.selection(), now_us, work.errors);
  if (work.errors.size() != failed_before) {
    keep_selection(work.errors.drop_failed(out.selection(), out.live), out.live);
    out.all_live = false;
  }
  // Behind this operator event_time() is the new one.
  const auto field = shape().schema.find("event_time()");
  if (!field || !wanted_[*field]) return;
  Column& column = out.own_column(0);
  column.reset(Type::kTimestamptz, out.count);
  for (uint32_t i = 0; i < out.count; ++i) column.ints[i] = out.own_time[i];
  out.columns[*field] = &column;
}

const EventTime* StatelessNode::watermarks(const Chunk& chunk) const {
  if (!retimer_) return inputs()[0].node->watermarks(chunk);
  return static_cast<const Work&>(*chunk.work[index()]).retime->watermarks.data();
}

void StatelessNode::save(uint64_t, Commit&, JsonValue& meta) {
  if (retimer_) retimer_->save(meta);
}

Result<void> StatelessNode::restore(const JsonValue& meta, CommitLog&) {
  if (!retimer_ || retimer_->restore(meta)) return {};
  return Error{Code::kCorrupt, "the stored watermark of " + name() + " is damaged"};
}

Result<void> StatelessNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  const uint32_t begin = parallel() ? range.begin : 0;
  const uint32_t end = parallel() && !range.last ? range.end : UINT32_MAX;
  work.now[Port::kMain] = view_of(work.ports[Port::kMain], begin, end);
  work.now[Port::kErrors] = view_of(work.ports[Port::kErrors], begin, end);
  if (retimer_) retimer_->advance(*work.retime, work.now[Port::kMain], chunk, range);
  const auto rows_between = [&](const Rows& rows, Selection selection) {
    return count_before(rows, selection, end) - count_before(rows, selection, begin);
  };
  const uint64_t errors = work.now[Port::kErrors].live.count;
  const uint64_t used = work.now[Port::kMain].live.count;
  uint64_t rows = rows_between(*work.stage.rows, work.stage.before_filter);
  // Rows that explode itself refused are rows too: they must leave by the same ledger.
  for (const StageFault& fault : work.stage.faults) {
    const Rows& of = fault.of_input ? input_rows(chunk) : *work.stage.rows;
    const uint32_t record = of.record_of(fault.row);
    rows += record >= begin && record < end;
  }
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.used += used;
  counters.errors += errors;
  counters.filtered += rows - used - errors;
  counters.out += used;
  return {};
}

}  // namespace millrace
