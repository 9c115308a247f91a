// Making the node, and prepare: all that is a pure function of the chunk.
#include "pipeline/window_node.h"

#include <algorithm>

#include "base/hash.h"
#include "pipeline/stateless_node.h"
#include "pipeline/window_work.h"
#include "window/group_key.h"

namespace millrace {
namespace {

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

}  // namespace millrace
