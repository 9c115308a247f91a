#include "nodes/processing_time_node.h"

#include <algorithm>

namespace millrace {

struct ProcessingTimeNode::Work final : NodeWork {
  Buffer<EventTime> watermarks;
};

ProcessingTimeNode::ProcessingTimeNode(std::string name, Input input)
    : Node(std::move(name), {input}) {
  inputs_parallel_ = false;
  shape_of(Port::kMain) = input.node->shape(input.port);
}

std::unique_ptr<NodeWork> ProcessingTimeNode::make_work() const { return std::make_unique<Work>(); }

void ProcessingTimeNode::demand(size_t, std::vector<bool>& wanted) const {
  for (size_t field = 0; field < wanted_.size(); ++field) {
    if (wanted_[field]) wanted[field] = true;
  }
}

Result<void> ProcessingTimeNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  clock_ = std::max(clock_, chunk.arrival_us);
  const RowsView& view = input_view(chunk);
  const Rows& in = *view.rows;
  Rows& out = work.ports[Port::kMain];
  out.clear();
  out.count = in.count;
  out.columns = in.columns;
  out.record = in.record;
  out.batch = in.batch;
  out.origin = in.origin;
  out.own_time.resize(in.count);
  std::fill(out.own_time.begin(), out.own_time.end(), clock_);
  out.time = out.own_time.data();
  work.now[Port::kMain] = {&out, view.live};

  const uint32_t end = range.last ? chunk.places() : range.end;
  const EventTime* w = inputs()[0].node->watermarks(chunk);
  work.watermarks.resize(chunk.places() + 1);
  for (uint32_t i = range.begin; i <= end; ++i) {
    // The end of bounded input closes windows of either time (R20).
    work.watermarks[i] = w && w[i] == kTimeMax ? kTimeMax : clock_;
  }
  watermark_ = work.watermarks[end];
  return {};
}

const EventTime* ProcessingTimeNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

}  // namespace millrace
