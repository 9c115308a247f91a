// Versions come, stream rows wait or look, in the order of the task.
#include <algorithm>

#include "operators/lookup_work.h"

namespace millrace {

/// W of a side. A table at its end has no version to come: as if its W were MAX.
EventTime LookupNode::w_of(size_t side, const Chunk& chunk, uint32_t place) const {
  const Node& node = *inputs()[side].node;
  if (side == 1 && node.at_end()) return kTimeMax;
  return node.reached_from(chunk.source) ? node.watermarks(chunk)[place] : node.watermark();
}

Result<void> LookupNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  gone_.clear();
  work.met.clear();
  const Range places = begin(work, chunk, range);
  work.watermarks.resize(places.end + 1);
  for (uint32_t place = places.begin; place < places.end; ++place) {
    work.record = place;
    const EventTime w = w_of(0, chunk, place);
    work.watermarks[place] = watermark_ = std::max(watermark_, std::min(w, waiting_.oldest()));
    release(work, w_of(1, chunk, place));
    for (; at(work, 0, place); ++work.next[0])
      take_stream(work, work.next[0], w, w_of(1, chunk, place));
    for (; at(work, 1, place); ++work.next[1]) take_table(work, work.next[1]);
    const EventTime behind = w_of(0, chunk, place + 1);
    if (behind != kTimeMax) stream_watermark_ = std::max(stream_watermark_, behind);
    release(work, w_of(1, chunk, place + 1));
    // What comes on time for the table is not older than its own W either.
    versions_.forget_deleted(std::min(history_bound(), saturating_sub(table_watermark_, 1)));
  }
  watermark_ = std::max(watermark_, std::min(w_of(0, chunk, places.end), waiting_.oldest()));
  work.watermarks[places.end] = watermark_;
  return finish(work, chunk);
}

void LookupNode::take_table(Work& work, uint32_t i) {
  const auto& in = work.in[1];
  const uint32_t row = in.live[i];
  if (!has_key(work, 1, row)) return;
  const Rows& rows = *in.stage.rows;
  const bool deletes = op_ && rows.columns[*op_]->valid(row);
  versions_.put(in.key(i), in.time(row), deletes,
                deletes ? std::string() : joined_.store(1, rows, row), history_bound());
}

EventTime LookupNode::history_bound() const {
  return saturating_sub(std::min(stream_watermark_, waiting_.oldest()), keep_us_);
}

void LookupNode::take_stream(Work& work, uint32_t i, EventTime w, EventTime table_w) {
  const auto& in = work.in[0];
  const uint32_t row = in.live[i];
  const EventTime t = in.time(row);
  if (!latest_ && t < saturating_sub(w, keep_us_)) {
    return add_late(work, 0, row, w, saturating_add(t, keep_us_));
  }
  const bool keyed = has_key(work, 0, row);
  const std::string_view key = in.key(i);
  if (!latest_ && t >= table_w) {
    waiting_.add(t, keyed, key, joined_.store(0, *in.stage.rows, row));
    return;
  }
  look_up(work, {{in.stage.rows, row, nullptr}, t, keyed ? &key : nullptr});
}

/// What the table's watermark has passed, by (time, log).
void LookupNode::release(Work& work, EventTime table_w) {
  if (table_w <= table_watermark_) return;
  while (const WaitingRows::Row* row = waiting_.take(table_w)) {
    const std::string_view key = row->key;
    look_up(work, {{nullptr, 0, &row->bytes}, row->time, row->has_key ? &key : nullptr});
  }
  for (auto& slice : waiting_.drop(table_w)) gone_.push_back(std::move(slice));
  if (table_w != kTimeMax) table_watermark_ = table_w;
}

void LookupNode::look_up(Work& work, const StreamRow& row) {
  auto version = row.key ? versions_.find(*row.key, row.time) : nullptr;
  SideRow right;
  if (version) {
    work.met.push_back(std::move(version));
    right.stored = work.met.back().get();
    if (pair_.residual && !fits(work, row.side, right, row.time)) right.stored = nullptr;
  }
  using JoinType = JoinConfig::Type;
  const bool wants_match = pair_.type == JoinType::kInner || pair_.type == JoinType::kSemi;
  if (wants_match && !right.there()) return;
  if (pair_.type == JoinType::kAnti && right.there()) return;
  if (pair_.type == JoinType::kSemi) right = {};
  joined_.push(work.joined, row.side, right, row.time, work.record);
}

/// The rest of `on`.
bool LookupNode::fits(Work& work, const SideRow& left, const SideRow& right, EventTime time) {
  joined_.start(work.candidates);
  joined_.push(work.candidates, left, right, time, work.record);
  return fitting(work).count == 1;
}

}  // namespace millrace
