// Making the node, prepare, and state for the commit.
#include "pipeline/window_node.h"

#include "pipeline/calendar_spans.h"
#include "pipeline/window_work.h"

namespace millrace {
namespace {

std::string kept_name(const std::string& name) { return name + "/kept"; }

}  // namespace

WindowNode::WindowNode(std::string name, std::vector<Input> inputs, StagePlan stage, WindowPlan plan)
    : Node(std::move(name), std::move(inputs)),
      plan_(std::move(plan)),
      input_(std::move(stage), plan_.grouped.select, this->inputs()[0]),
      output_(plan_.grouped),
      groups_(make_layout(plan_.grouped.select), plan_.slicer, plan_.allowed_lateness_us),
      blocks_(this->name(), layout_text(plan_.grouped.select)),
      sent_(this->name()),
      kept_(make_layout(plan_.grouped.select), Slicer::whole_stream(), 0),
      kept_blocks_(kept_name(this->name()), layout_text(plan_.grouped.select)),
      timer_(plan_.emit) {
  const Input& input = this->inputs()[0];
  inputs_parallel_ = input.node->parallel();
  shape_of(Port::kMain) = output_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_shape(input_.stage_shape(), input.node->shape(input.port).has_bytes);
}

std::unique_ptr<NodeWork> WindowNode::make_work() const {
  auto work = std::make_unique<Work>();
  input_.start(work->in);
  output_.make(work->out);
  return work;
}

void WindowNode::demand(size_t, std::vector<bool>& wanted) const {
  input_.demand(!shape(Port::kLate).has_bytes, wanted);
}

void WindowNode::prepare(Chunk& chunk) const {
  const Rows& rows = input_rows(chunk);
  input_.prepare(static_cast<Work&>(work_of(chunk)).in, rows,
                 inputs_parallel_ ? rows.selection() : input_view(chunk).live);
}

const EventTime* WindowNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

void WindowNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  blocks_.save(groups_, epoch, commit);
  sent_.save(epoch, commit);
  kept_blocks_.save(kept_, epoch, commit);
  std::vector<EventTime> shown_ends;
  for (const auto& [end, slice] : kept_.slices()) shown_ends.push_back(end);
  save_calendar_spans(groups_, shown_ends, meta);
  meta.set("fired_upto", JsonValue::integer(groups_.fired_upto()));
  meta.set("closed_upto", JsonValue::integer(groups_.closed_upto()));
  meta.set("changed", JsonValue::boolean(changed_since_fired_));
  meta.set("watermark", JsonValue::integer(watermark_ == kTimeMax ? kTimeNone : watermark_));
  meta.set("running", JsonValue::integer(timer_.running()));
  meta.set("snapshots", JsonValue::integer(snapshots_));
}

Result<void> WindowNode::restore(const JsonValue& meta, CommitLog& log) {
  const auto number = [&](std::string_view key, int64_t otherwise) {
    const JsonValue* value = meta.find(key);
    return value && value->is_int() ? value->as_int() : otherwise;
  };
  groups_.restore_closed(number("fired_upto", kTimeNone), number("closed_upto", kTimeNone));
  watermark_ = number("watermark", kTimeNone);
  timer_.restore(number("running", kTimeNone));
  snapshots_ = number("snapshots", 0);
  const JsonValue* changed = meta.find("changed");
  changed_since_fired_ = changed && changed->is_bool() && changed->as_bool();
  if (!restore_calendar_spans(meta, groups_)) {
    return Error{Code::kCorrupt, "the stored calendar of " + name() + " is damaged; start anew with --fresh"};
  }
  MILLRACE_TRY(blocks_.restore(groups_, log));
  MILLRACE_TRY(sent_.restore(groups_.slicer(), log));
  return kept_blocks_.restore(kept_, log);
}

}  // namespace millrace
