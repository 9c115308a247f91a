// Probe, keep, end, in the order of the task.
#include <algorithm>

#include "pipeline/join_work.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors),
               kLate = static_cast<size_t>(Port::kLate);

}  // namespace

Result<void> JoinNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  start(work);
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  uint32_t next[2] = {};
  for (size_t side = 0; side < 2; ++side) {
    work.here[side] = inputs()[side].node->reached_from(chunk.source);
    if (work.here[side]) work.cut[side] = input_[side].cut(work.in[side], begin, end);
    next[side] = work.cut[side].first;
  }
  const Range places{range.begin, range.last ? chunk.places() : range.end, range.last};
  read_watermarks(work, chunk, places);
  for (uint32_t place = places.begin; place < places.end; ++place) {
    work.record = place;
    for (size_t side = 0; side < 2; ++side) {
      uint32_t& i = next[side];
      if (!work.here[side]) continue;
      const Rows& rows = *work.in[side].stage.rows;
      for (; i < work.cut[side].behind && rows.record_of(work.in[side].live[i]) == place; ++i) {
        take(work, side, i, work.w[place]);
      }
    }
    end_rows(work, work.w[place + 1], place);
  }
  finish(work, chunk);
  if (plan_.late == OperatorConfig::Late::kFail && !work.late.late.empty()) {
    return Error{Code::kFailed, name() + ": a record is late, and `late` is \"fail\""};
  }
  return {};
}

void JoinNode::start(Work& work) {
  gone_.clear();
  work.late.late.clear();
  work.failed.clear();
  work.error_bytes.clear();
  joined_.start(work.joined);
}

/// W of the join is that of the slower input; the other one stands still within this range. W_out
/// is behind every result still to come, padded ones included (R19).
void JoinNode::read_watermarks(Work& work, const Chunk& chunk, Range places) const {
  const int64_t hold = saturating_add(std::max(plan_.before_us, plan_.after_us), plan_.allowed_lateness_us);
  work.w.resize(places.end + 1);
  work.watermarks.resize(places.end + 1);
  for (uint32_t i = places.begin; i <= places.end; ++i) {
    EventTime w = kTimeMax;
    for (const Input& input : inputs()) {
      const bool here = input.node->reached_from(chunk.source);
      w = std::min(w, here ? input.node->watermarks(chunk)[i] : input.node->watermark());
    }
    work.w[i] = w;
    work.watermarks[i] = w == kTimeMax ? kTimeMax : saturating_sub(w, hold);
  }
}

SideRow JoinNode::now(const Work& work, size_t side, uint32_t row) const {
  return {work.in[side].stage.rows, row, nullptr};
}

/// One record against the other side; then it is kept if it lives.
void JoinNode::take(Work& work, size_t side, uint32_t i, EventTime w) {
  const uint32_t row = work.in[side].live[i];
  const EventTime t = work.in[side].time(row);
  const auto& groups = work.in[side].groups;
  const bool has_key = std::all_of(groups.begin(), groups.end(), [&](const Column* c) { return c->valid(row); });
  work.partners.clear();
  if (has_key) find_partners(work, side, i, w);
  if (plan_.residual && !work.partners.empty()) drop_unequal(work, side, row);
  const bool matched = !work.partners.empty();
  if (matched) push_matches(work, side, row);
  if (!buffers_[side].alive(t, w)) {
    if (matched) return;
    const auto input = static_cast<uint32_t>(side);
    work.late.late.push_back({input, row, w, buffers_[side].end_of(t), key_text(groups, row)});
    return;
  }
  if (!keeps(side, matched, has_key)) return;
  const std::string_view key = work.in[side].key(i);
  buffers_[side].add(has_key ? &key : nullptr, t, joined_.store(side, *work.in[side].stage.rows, row), matched);
}

/// Nothing can come of it: no partner by its key, and no row of its own at the end.
bool JoinNode::keeps(size_t side, bool matched, bool has_key) const {
  if (side == 0 && (plan_.semi() || plan_.anti()) && matched) return false;
  return has_key || plan_.pads(side);
}

void JoinNode::find_partners(Work& work, size_t side, uint32_t i, EventTime w) {
  const EventTime t = work.in[side].time(work.in[side].live[i]);
  // t_l - before <= t_r <= t_l + after, seen from either side.
  const int64_t back = side == 0 ? plan_.before_us : plan_.after_us;
  const int64_t ahead = side == 0 ? plan_.after_us : plan_.before_us;
  buffers_[1 - side].find(work.in[side].key(i), saturating_sub(t, back), saturating_add(t, ahead), w, work.partners);
}

/// The rest of `on` over each candidate pair. A pair for which it cannot be computed does not match
/// and is told in `.errors`.
void JoinNode::drop_unequal(Work& work, size_t side, uint32_t row) {
  joined_.start(work.candidates);
  for (const JoinBuffer::Row* partner : work.partners) {
    const SideRow mine = now(work, side, row), other{nullptr, 0, &partner->bytes};
    const EventTime time = std::max(work.in[side].time(row), partner->time);
    joined_.push(work.candidates, side == 0 ? mine : other, side == 0 ? other : mine, time, work.record);
  }
  joined_.finish(work.candidates);
  const Rows& rows = work.candidates.rows;
  work.residual_errors.start(rows.count);
  const Selection equal = filter(*plan_.residual, {rows.columns, rows.count}, Selection::all(rows.count),
                                 work.residual_scratch, work.residual_errors);
  for (uint32_t k = 0; k < equal.count; ++k) work.partners[k] = work.partners[equal[k]];
  work.partners.resize(equal.count);
  for (const RowError& error : work.residual_errors.list()) {
    FailedRow failed;
    describe_row(rows, joined_.shape(), error.row, work.error_bytes, failed);
    failed.reason = reason_of(error, work.error_bytes);
    failed.place = place_of(error, work.error_bytes);
    work.failed.push_back(failed);
  }
}

/// Partners come by (time, position). A semi join's row is about the left record and goes out once.
void JoinNode::push_matches(Work& work, size_t side, uint32_t row) {
  const SideRow mine = now(work, side, row);
  if (plan_.semi() && side == 0) {
    joined_.push(work.joined, mine, {}, work.in[0].time(row), work.record);
    return;
  }
  for (JoinBuffer::Row* partner : work.partners) {
    const SideRow other{nullptr, 0, &partner->bytes};
    if (plan_.semi()) {
      if (!partner->matched) joined_.push(work.joined, other, {}, partner->time, work.record);
    } else if (!plan_.anti()) {
      const EventTime time = std::max(work.in[side].time(row), partner->time);
      joined_.push(work.joined, side == 0 ? mine : other, side == 0 ? other : mine, time, work.record);
    }
    buffers_[1 - side].mark_matched(*partner);
  }
}

/// Rows whose life W has ended, in order of that end; the left one first where both end together.
void JoinNode::end_rows(Work& work, EventTime w, uint32_t release) {
  if (w <= input_watermark_) return;
  while (true) {
    EventTime ends[2];
    const bool left = buffers_[0].next_end(ends[0]) && ends[0] <= w;
    const bool right = buffers_[1].next_end(ends[1]) && ends[1] <= w;
    if (!left && !right) break;
    const size_t side = left && (!right || ends[0] <= ends[1]) ? 0 : 1;
    const JoinBuffer::Row* row = buffers_[side].take_ended(w);
    if (!plan_.pads(side)) continue;
    const SideRow mine{nullptr, 0, &row->bytes};
    joined_.push(work.joined, side == 0 ? mine : SideRow(), side == 0 ? SideRow() : mine, row->time, release);
  }
  for (JoinBuffer& buffer : buffers_) {
    for (auto& slice : buffer.drop_ended(w)) gone_.push_back(std::move(slice));
  }
  if (w != kTimeMax) input_watermark_ = w;
}

void JoinNode::finish(Work& work, const Chunk& chunk) {
  joined_.finish(work.joined);
  Rows& out = work.ports[kMain];
  results_.finish(work.result, work.joined.rows, Selection::all(work.joined.rows.count), out, work.failed);
  work.now[kMain] = {&out, out.selection()};
  std::vector<const Rows*> sides = {nullptr, nullptr};
  for (size_t side = 0; side < 2; ++side) {
    if (!work.here[side]) continue;
    sides[side] = work.in[side].stage.rows;
    const size_t failed_before = work.failed.size();
    input_[side].add_failed(work.in[side], work.cut[side], work.failed);
    counters.errors += work.failed.size() - failed_before;
    counters.in += input_view(chunk, side).live.count;
    counters.rows += input_[side].rows_in(work.in[side], work.cut[side], input_rows(chunk, side));
    counters.used += work.cut[side].size();
  }
  counters.used -= work.late.late.size();
  counters.late += work.late.late.size();
  counters.out += out.selection().count;
  Rows& late = work.ports[kLate];
  late_.finish(work.late, sides, plan_.late != OperatorConfig::Late::kDrop, late);
  work.now[kLate] = {&late, late.selection()};
  work.error_rows.write(work.failed, work.ports[kErrors], name());
  work.now[kErrors] = {&work.ports[kErrors], work.ports[kErrors].selection()};
  watermark_ = work.watermarks[work.watermarks.size() - 1];
}

}  // namespace millrace
