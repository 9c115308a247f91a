// Probe, keep, end, in the order of the task.
#include <algorithm>

#include "operators/join_work.h"

namespace millrace {

Result<void> JoinNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  gone_.clear();
  const Range places = begin(work, chunk, range);
  read_watermarks(work, chunk, places);
  for (uint32_t place = places.begin; place < places.end; ++place) {
    work.record = place;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      for (; at(work, side, place); ++work.next[side])
        take(work, side, work.next[side], work.w[place]);
    }
    end_rows(work, work.w[place + 1], place);
  }
  watermark_ = work.watermarks[places.end];
  return finish(work, chunk);
}

/// W of the join is that of the slower input; the other one stands still within this range. W_out
/// is behind every result still to come, padded ones included (R19).
void JoinNode::read_watermarks(Work& work, const Chunk& chunk, Range places) {
  const int64_t hold = saturating_add(std::max(before_us_, after_us_), allowed_lateness_us_);
  work.w.resize(places.end + 1);
  work.watermarks.resize(places.end + 1);
  for (uint32_t i = places.begin; i <= places.end; ++i) {
    const EventTime w = merge_inputs(*this, chunk, i, merged_);
    work.w[i] = w;
    work.watermarks[i] = w == kTimeMax ? kTimeMax : saturating_sub(w, hold);
  }
}

/// One record against the other side; then it is kept if it lives.
void JoinNode::take(Work& work, size_t side, uint32_t i, EventTime w) {
  const uint32_t row = work.in[side].live[i];
  const EventTime t = work.in[side].time(row);
  const bool keyed = has_key(work, side, row);
  work.partners.clear();
  if (keyed) find_partners(work, side, i, w);
  if (pair_.residual && !work.partners.empty()) drop_unequal(work, side, row);
  const bool matched = !work.partners.empty();
  if (matched) push_matches(work, side, row);
  if (!buffers_[side].alive(t, w)) {
    if (matched) return;
    return add_late(work, side, row, w, buffers_[side].end_of(t));
  }
  if (!keeps(side, matched, keyed)) return;
  const std::string_view key = work.in[side].key(i);
  buffers_[side].add(keyed ? &key : nullptr, t, joined_.store(side, *work.in[side].stage.rows, row),
                     matched);
}

/// Nothing can come of it: no partner by its key, and no row of its own at the end.
bool JoinNode::keeps(size_t side, bool matched, bool has_key) const {
  if (side == 0 && (pair_.semi() || pair_.anti()) && matched) return false;
  return has_key || pads(side);
}

void JoinNode::find_partners(Work& work, size_t side, uint32_t i, EventTime w) {
  const EventTime t = work.in[side].time(work.in[side].live[i]);
  // t_l - before <= t_r <= t_l + after, seen from either side.
  const int64_t back = side == 0 ? before_us_ : after_us_;
  const int64_t ahead = side == 0 ? after_us_ : before_us_;
  buffers_[1 - side].find(work.in[side].key(i), saturating_sub(t, back), saturating_add(t, ahead),
                          w, work.partners);
}

/// The rest of `on` over each candidate pair.
void JoinNode::drop_unequal(Work& work, size_t side, uint32_t row) {
  joined_.start(work.candidates);
  for (const JoinBuffer::Row* partner : work.partners) {
    const SideRow mine = now(work, side, row), other{nullptr, 0, &partner->bytes};
    const EventTime time = std::max(work.in[side].time(row), partner->time);
    joined_.push(work.candidates, side == 0 ? mine : other, side == 0 ? other : mine, time,
                 work.record);
  }
  const Selection equal = fitting(work);
  for (uint32_t k = 0; k < equal.count; ++k) work.partners[k] = work.partners[equal[k]];
  work.partners.resize(equal.count);
}

/// Partners come by (time, position). A semi join's row is about the left record and goes out once.
void JoinNode::push_matches(Work& work, size_t side, uint32_t row) {
  const SideRow mine = now(work, side, row);
  if (pair_.semi() && side == 0) {
    joined_.push(work.joined, mine, {}, work.in[0].time(row), work.record);
    return;
  }
  for (JoinBuffer::Row* partner : work.partners) {
    const SideRow other{nullptr, 0, &partner->bytes};
    if (pair_.semi()) {
      if (!partner->matched) joined_.push(work.joined, other, {}, partner->time, work.record);
    } else if (!pair_.anti()) {
      const EventTime time = std::max(work.in[side].time(row), partner->time);
      joined_.push(work.joined, side == 0 ? mine : other, side == 0 ? other : mine, time,
                   work.record);
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
    if (!pads(side)) continue;
    const SideRow mine{nullptr, 0, &row->bytes};
    joined_.push(work.joined, side == 0 ? mine : SideRow(), side == 0 ? SideRow() : mine, row->time,
                 release);
  }
  for (JoinBuffer& buffer : buffers_) {
    for (auto& slice : buffer.drop_ended(w)) gone_.push_back(std::move(slice));
  }
  if (w != kTimeMax) input_watermark_ = w;
}

}  // namespace millrace
