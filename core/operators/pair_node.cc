#include "operators/pair_node.h"

#include <algorithm>

#include "json/value.h"
#include "nodes/key_text.h"
#include "nodes/late_failure.h"

namespace millrace {
namespace {

constexpr const char* kFields[] = {"left_fields", "right_fields"};

std::vector<Shape> late_shapes(const GroupedInput* inputs, size_t count) {
  std::vector<Shape> shapes;
  for (size_t side = 0; side < count; ++side) shapes.push_back(inputs[side].stage_shape());
  return shapes;
}

}  // namespace

PairNode::PairNode(std::string name, std::vector<Input> inputs, JoinedRows joined, PairPlan plan,
                   size_t late_sides, std::string_view kind)
    : Node(std::move(name), std::move(inputs)),
      pair_(std::move(plan)),
      input_{GroupedInput({}, pair_.keys[0], this->inputs()[0]),
             GroupedInput({}, pair_.keys[1], this->inputs()[1])},
      joined_(std::move(joined)),
      results_(std::move(pair_.result), joined_.shape()),
      late_(late_shapes(input_, late_sides)),
      blocks_(this->name(), kind),
      late_sides_(late_sides) {
  for (const Input& input : this->inputs())
    inputs_parallel_ = inputs_parallel_ && input.node->parallel();
  shape_of(Port::kMain) = results_.shape();
  shape_of(Port::kErrors) = ErrorRows::shape();
  shape_of(Port::kLate) = late_.shape();
}

void PairNode::make_pair(PairWork& work) const {
  for (size_t side = 0; side < 2; ++side) input_[side].start(work.in[side]);
  results_.make(work.result);
}

void PairNode::set_wanted(std::vector<bool> wanted) {
  Node::set_wanted(std::move(wanted));
  std::vector<bool> needed(joined_.shape().schema.size());
  results_.demand(wanted_, needed);
  if (pair_.residual) mark_fields(*pair_.residual, needed);
  joined_.set_needed(needed);
  for (size_t side = 0; side < 2; ++side)
    stored_[side] = StoredFields(false, joined_.stored_fields(side));
}

void PairNode::demand(size_t side, std::vector<bool>& wanted) const {
  input_[side].demand(false, {}, wanted);
  joined_.demand(side, wanted);
  if (side < late_sides_) late_.demand(side, late_wanted_, wanted);
}

void PairNode::prepare(Chunk& chunk) const {
  auto& work = static_cast<PairWork&>(work_of(chunk));
  for (size_t side = 0; side < 2; ++side) {
    if (!inputs()[side].node->reached_from(chunk.source)) continue;
    const Rows& rows = input_rows(chunk, side);
    input_[side].prepare(work.in[side], rows,
                         inputs_parallel_ ? rows.selection() : input_view(chunk, side).live);
  }
}

const EventTime* PairNode::watermarks(const Chunk& chunk) const {
  return static_cast<const PairWork&>(*chunk.work[index()]).watermarks.data();
}

Range PairNode::begin(PairWork& work, const Chunk& chunk, Range range) const {
  work.chunk = &chunk;
  work.late.late.clear();
  work.failed.clear();
  work.error_bytes.clear();
  joined_.start(work.joined);
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  for (size_t side = 0; side < 2; ++side) {
    work.here[side] = inputs()[side].node->reached_from(chunk.source);
    work.cut[side] = {};
    if (work.here[side]) work.cut[side] = input_[side].cut(work.in[side], begin, end);
    work.next[side] = work.cut[side].first;
  }
  return {range.begin, range.last ? chunk.places() : range.end, range.last};
}

bool PairNode::at(const PairWork& work, size_t side, uint32_t place) const {
  const GroupedInput::Work& in = work.in[side];
  return work.here[side] && work.next[side] < work.cut[side].behind &&
         in.stage.rows->record_of(in.live[work.next[side]]) == place;
}

bool PairNode::has_key(const PairWork& work, size_t side, uint32_t row) const {
  const auto& groups = work.in[side].groups;
  return std::all_of(groups.begin(), groups.end(),
                     [&](const Column* column) { return column->valid(row); });
}

SideRow PairNode::now(const PairWork& work, size_t side, uint32_t row) const {
  return {work.in[side].stage.rows, row, nullptr};
}

void PairNode::add_late(PairWork& work, size_t side, uint32_t row, EventTime w, EventTime over_at) {
  const bool after_idle = work.chunk->is_after_idle(work.in[side].stage.rows->record_of(row));
  counters.late_after_idle += after_idle;
  work.late.late.push_back({static_cast<uint32_t>(side), row, w, over_at,
                            key_text(work.in[side].groups, row), after_idle});
}

Selection PairNode::fitting(PairWork& work) const {
  joined_.finish(work.candidates);
  const Rows& rows = work.candidates.rows;
  work.residual_errors.start(rows.count);
  const Selection fits =
      filter(*pair_.residual, {rows.columns, rows.count}, Selection::all(rows.count),
             work.residual_scratch, work.residual_errors);
  describe_failures(rows, joined_.shape(), work.residual_errors, work.error_bytes, work.failed);
  return fits;
}

Result<void> PairNode::finish(PairWork& work, const Chunk& chunk) {
  joined_.finish(work.joined);
  Rows& out = work.ports[Port::kMain];
  results_.finish(work.result, work.joined.rows, Selection::all(work.joined.rows.count), out,
                  work.failed);
  work.now[Port::kMain] = {&out, out.selection()};
  std::vector<const Rows*> sides = {nullptr, nullptr};
  for (size_t side = 0; side < 2; ++side) {
    if (work.here[side]) sides[side] = work.in[side].stage.rows;
  }
  count_inputs(work, chunk);
  counters.used -= work.late.late.size();
  counters.late += work.late.late.size();
  counters.out += out.selection().count;
  Rows& late = work.ports[Port::kLate];
  late_.finish(name(), work.late, sides, pair_.late != OperatorConfig::Late::kDrop, late);
  work.now[Port::kLate] = {&late, late.selection()};
  finish_errors(work);
  if (pair_.late == OperatorConfig::Late::kFail && !work.late.late.empty()) {
    const LateRecords::Late& first = work.late.late.front();
    return late_failure(*this, chunk,
                        {sides[first.input], &input_[first.input].stage_shape(), first.row, first.w,
                         first.over_at});
  }
  return {};
}

void PairNode::count_inputs(PairWork& work, const Chunk& chunk) {
  for (size_t side = 0; side < 2; ++side) {
    if (!work.here[side]) continue;
    const size_t failed_before = work.failed.size();
    input_[side].add_failed(work.in[side], work.cut[side], work.failed);
    counters.errors += work.failed.size() - failed_before;
    counters.in += input_view(chunk, side).live.count;
    counters.rows += input_[side].rows_in(work.in[side], work.cut[side], input_rows(chunk, side));
    counters.used += work.cut[side].size();
  }
}

void PairNode::finish_errors(PairWork& work) {
  Rows& errors = work.ports[Port::kErrors];
  work.error_rows.write(work.failed, errors, name());
  work.now[Port::kErrors] = {&errors, errors.selection()};
}

void PairNode::save_fields(JsonValue& meta) const {
  for (size_t side = 0; side < 2; ++side) meta.set(kFields[side], stored_[side].json());
}

Result<void> PairNode::restore_fields(const JsonValue& meta) {
  for (size_t side = 0; side < 2; ++side) {
    auto conversion = stored_[side].from(meta.find(kFields[side]), name());
    if (!conversion) return conversion.error();
    conversion_[side] = std::move(*conversion);
  }
  return {};
}

}  // namespace millrace
