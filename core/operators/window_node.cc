// Making the node, and state for the commit.
#include "operators/window_node.h"

#include "operators/calendar_spans.h"
#include "operators/window_work.h"

namespace millrace {
namespace {

std::string kept_name(const std::string& name) { return name + "/kept"; }

}  // namespace

WindowNode::WindowNode(std::string name, std::vector<Input> inputs, StagePlan stage,
                       WindowPlan plan, Slicer slicer)
    : GroupedNode(std::move(name), std::move(inputs), std::move(stage), std::move(plan)),
      groups_(layout_, slicer, plan_.allowed_lateness_us),
      blocks_(this->name(), layout_text(plan_.grouped.select)),
      sent_(this->name()),
      kept_(layout_, Slicer::whole_stream(), 0),
      kept_blocks_(kept_name(this->name()), layout_text(plan_.grouped.select)) {}

std::unique_ptr<NodeWork> WindowNode::make_work() const {
  auto work = std::make_unique<WindowWork>();
  make(*work);
  return work;
}

void WindowNode::rows_done(Work& work) {
  auto& closed = static_cast<WindowWork&>(work).closed;
  for (EventTime end : closed) sent_.drop(end);
  closed.clear();
}

uint64_t WindowNode::open_windows() const {
  return plan_.grouped.windowed ? groups_.open_windows().size() : groups_.groups();
}

void WindowNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  GroupedNode::save(epoch, commit, meta);
  blocks_.save(groups_, epoch, commit);
  sent_.save(epoch, commit);
  kept_blocks_.save(kept_, epoch, commit);
  std::vector<EventTime> shown_ends;
  for (const auto& [end, slice] : kept_.slices()) shown_ends.push_back(end);
  save_calendar_spans(groups_, shown_ends, meta);
  meta.set("fired_upto", JsonValue::integer(groups_.fired_upto()));
  meta.set("closed_upto", JsonValue::integer(groups_.closed_upto()));
}

Result<void> WindowNode::restore(const JsonValue& meta, CommitLog& log) {
  MILLRACE_TRY(GroupedNode::restore(meta, log));
  groups_.restore_closed(meta_number(meta, "fired_upto", kTimeNone),
                         meta_number(meta, "closed_upto", kTimeNone));
  if (!restore_calendar_spans(meta, groups_)) {
    return Error{Code::kCorrupt,
                 "the stored calendar of " + name() + " is damaged; start anew with --fresh"};
  }
  MILLRACE_TRY(blocks_.restore(groups_, log));
  MILLRACE_TRY(sent_.restore(groups_.slicer(), log));
  return kept_blocks_.restore(kept_, log);
}

}  // namespace millrace
