// Versions come, stream rows wait or look, in the order of the task.
#include <algorithm>

#include "pipeline/lookup_work.h"

namespace millrace {
namespace {

constexpr auto kMain = static_cast<size_t>(Port::kMain), kErrors = static_cast<size_t>(Port::kErrors),
               kLate = static_cast<size_t>(Port::kLate);

}  // namespace

/// W of a side. A table at its end has no version to come: as if its W were MAX.
EventTime LookupNode::w_of(size_t side, const Chunk& chunk, uint32_t place) const {
  const Node& node = *inputs()[side].node;
  if (side == 1 && node.at_end()) return kTimeMax;
  return node.reached_from(chunk.source) ? node.watermarks(chunk)[place] : node.watermark();
}

Result<void> LookupNode::apply(Chunk& chunk, Range range) {
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
  const auto at = [&](size_t side, uint32_t place) {
    return work.here[side] && next[side] < work.cut[side].behind &&
           work.in[side].stage.rows->record_of(work.in[side].live[next[side]]) == place;
  };
  const uint32_t places_end = range.last ? chunk.places() : range.end;
  work.watermarks.resize(places_end + 1);
  for (uint32_t place = range.begin; place < places_end; ++place) {
    work.record = place;
    const EventTime w = w_of(0, chunk, place);
    work.watermarks[place] = watermark_ = std::max(watermark_, std::min(w, waiting_.oldest()));
    release(work, w_of(1, chunk, place));
    for (; at(0, place); ++next[0]) take_stream(work, next[0], w, w_of(1, chunk, place));
    for (; at(1, place); ++next[1]) take_table(work, next[1]);
    const EventTime behind = w_of(0, chunk, place + 1);
    if (behind != kTimeMax) stream_watermark_ = std::max(stream_watermark_, behind);
    release(work, w_of(1, chunk, place + 1));
  }
  watermark_ = std::max(watermark_, std::min(w_of(0, chunk, places_end), waiting_.oldest()));
  work.watermarks[places_end] = watermark_;
  finish(work, chunk);
  if (plan_.late == OperatorConfig::Late::kFail && !work.late.late.empty()) {
    return Error{Code::kFailed, name() + ": a record is late, and `late` is \"fail\""};
  }
  return {};
}

void LookupNode::start(Work& work) {
  gone_.clear();
  work.met.clear();
  work.late.late.clear();
  work.failed.clear();
  work.error_bytes.clear();
  joined_.start(work.joined);
}

void LookupNode::take_table(Work& work, uint32_t i) {
  const auto& in = work.in[1];
  const uint32_t row = in.live[i];
  if (!std::all_of(in.groups.begin(), in.groups.end(), [&](const Column* c) { return c->valid(row); })) return;
  const Rows& rows = *in.stage.rows;
  const bool deletes = op_ && rows.columns[*op_]->valid(row);
  versions_.put(in.key(i), in.time(row), deletes, deletes ? std::string() : joined_.store(1, rows, row),
                saturating_sub(std::min(stream_watermark_, waiting_.oldest()), plan_.keep_us));
}

void LookupNode::take_stream(Work& work, uint32_t i, EventTime w, EventTime table_w) {
  const auto& in = work.in[0];
  const uint32_t row = in.live[i];
  const EventTime t = in.time(row);
  if (!plan_.latest && t < saturating_sub(w, plan_.keep_us)) {
    work.late.late.push_back({0, row, w, saturating_add(t, plan_.keep_us), key_text(in.groups, row)});
    return;
  }
  const bool has_key = std::all_of(in.groups.begin(), in.groups.end(), [&](const Column* c) { return c->valid(row); });
  const std::string_view key = in.key(i);
  if (!plan_.latest && t >= table_w) {
    waiting_.add(t, has_key, key, joined_.store(0, *in.stage.rows, row));
    return;
  }
  look_up(work, {{in.stage.rows, row, nullptr}, t, has_key ? &key : nullptr});
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
    if (plan_.residual && !fits(work, row.side, right, row.time)) right.stored = nullptr;
  }
  using JoinType = JoinConfig::Type;
  const bool wants_match = plan_.type == JoinType::kInner || plan_.type == JoinType::kSemi;
  if (wants_match && !right.there()) return;
  if (plan_.type == JoinType::kAnti && right.there()) return;
  if (plan_.type == JoinType::kSemi) right = {};
  joined_.push(work.joined, row.side, right, row.time, work.record);
}

/// The rest of `on`. A pair for which it cannot be computed does not match and is told in `.errors`.
bool LookupNode::fits(Work& work, const SideRow& left, const SideRow& right, EventTime time) {
  joined_.start(work.candidate);
  joined_.push(work.candidate, left, right, time, work.record);
  joined_.finish(work.candidate);
  const Rows& rows = work.candidate.rows;
  work.residual_errors.start(1);
  const Selection fitting = filter(*plan_.residual, {rows.columns, 1}, Selection::all(1), work.residual_scratch,
                                   work.residual_errors);
  for (const RowError& error : work.residual_errors.list()) {
    FailedRow failed;
    describe_row(rows, joined_.shape(), error.row, work.error_bytes, failed);
    failed.reason = reason_of(error, work.error_bytes);
    failed.place = place_of(error, work.error_bytes);
    work.failed.push_back(failed);
  }
  return fitting.count == 1;
}

void LookupNode::finish(Work& work, const Chunk& chunk) {
  joined_.finish(work.joined);
  Rows& out = work.ports[kMain];
  results_.finish(work.result, work.joined.rows, Selection::all(work.joined.rows.count), out, work.failed);
  work.now[kMain] = {&out, out.selection()};
  for (size_t side = 0; side < 2; ++side) {
    if (!work.here[side]) continue;
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
  late_.finish(work.late, {work.in[0].stage.rows}, plan_.late != OperatorConfig::Late::kDrop, late);
  work.now[kLate] = {&late, late.selection()};
  work.error_rows.write(work.failed, work.ports[kErrors], name());
  work.now[kErrors] = {&work.ports[kErrors], work.ports[kErrors].selection()};
}

}  // namespace millrace
