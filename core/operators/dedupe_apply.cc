// Judge, pass or keep, hand out, in the order of the task.
#include <algorithm>

#include "base/assert.h"
#include "nodes/key_text.h"
#include "nodes/late_failure.h"
#include "nodes/own_batch.h"
#include "operators/dedupe_work.h"
#include "window/stored_row.h"

namespace millrace {

Result<void> DedupeNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  const uint32_t begin = inputs_parallel_ ? range.begin : 0;
  const uint32_t end = inputs_parallel_ && !range.last ? range.end : UINT32_MAX;
  const GroupedInput::Cut cut = input_.cut(work.in, begin, end);
  const EventTime* w = inputs()[0].node->watermarks(chunk);
  MILLRACE_ASSERT(w != nullptr);
  const Range places{range.begin, range.last ? chunk.places() : range.end, range.last};
  judge(work, chunk, cut, w, places);
  keeps_last() ? finish_last(work) : finish_first(work);
  pass_watermark(work, w, places);
  finish(work, chunk, cut);
  if (plan_.late == OperatorConfig::Late::kFail && !work.late.late.empty()) {
    const LateRecords::Late& first = work.late.late.front();
    return late_failure(
        *this, chunk,
        {work.in.stage.rows, &input_.stage_shape(), first.row, first.w, first.over_at});
  }
  return {};
}

void DedupeNode::judge(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut,
                       const EventTime* w, Range places) {
  work.passed.clear();
  work.late.late.clear();
  work.failed.clear();
  work.duplicates = 0;
  work.made.clear();
  work.made.own_record.clear();
  work.made.own_time.clear();
  work.made_bytes.clear();
  work.records.clear();
  for (uint32_t i = 0; i < work.made_columns.size(); ++i) {
    work.made_columns[i].reset(results_.made().schema[i].type, 0);
  }
  const Rows& stage = *work.in.stage.rows;
  uint32_t i = cut.first;
  for (uint32_t place = places.begin; place < places.end; ++place) {
    for (; i < cut.behind && stage.record_of(work.in.live[i]) == place; ++i) {
      if (!take(work, i, behind(w[place]))) {
        const uint32_t row = work.in.live[i];
        const bool after_idle = chunk.is_after_idle(place);
        counters.late_after_idle += after_idle;
        work.late.late.push_back({0, row, w[place],
                                  saturating_add(work.in.time(row), plan_.allowed_lateness_us),
                                  key_text(work.in.groups, row), after_idle});
      }
    }
    if (keeps_last() && w[place + 1] > input_watermark_)
      hand_out(work, behind(w[place + 1]), place);
    input_watermark_ =
        std::max(input_watermark_, w[place + 1] == kTimeMax ? kTimeNone : w[place + 1]);
  }
  // At the end of input ids stay known: a later run on longer input may repeat them (E1).
  const EventTime known = behind(input_watermark_);
  keeps_last() ? last_.forget(known) : first_.forget(known);
}

/// False: the row is late. `w`: W - L.
bool DedupeNode::take(Work& work, uint32_t i, EventTime w) {
  const uint32_t row = work.in.live[i];
  const EventTime t = work.in.time(row);
  if (t < w) return false;
  bool duplicate = false;
  if (keeps_last()) {
    duplicate = last_.seen(work.in.key(i), t, [&] { return row_bytes(work, row); });
  } else {
    duplicate = first_.seen(work.in.key(i), t);
    if (!duplicate) work.passed.push_back(row);
  }
  work.duplicates += duplicate;
  return true;
}

std::string DedupeNode::row_bytes(const Work& work, uint32_t row) const {
  const Rows& stage = *work.in.stage.rows;
  const Shape& made = results_.made();
  std::string bytes;
  if (made.own_bytes) append_sized(bytes, stage.batch.value(stage.origin_of(row)));
  for (uint32_t field = 0; field < made.visible; ++field) {
    if (kept_[field]) write_stored_cell(*stage.columns[field], row, bytes);
  }
  return bytes;
}

/// The rounds that W - L has passed become rows, released by the record that moved it.
void DedupeNode::hand_out(Work& work, EventTime w, uint32_t release) {
  const Shape& made = results_.made();
  while (const LastSeen::Round* round = last_.take_due(w)) {
    // The round may be forgotten before the rows are read.
    ByteReader reader(work.made_bytes.store(round->row));
    if (made.own_bytes) work.records.push_back(reader.sized());
    for (uint32_t field = 0; field < made.visible; ++field) {
      if (kept_[field]) MILLRACE_ASSERT(read_stored_cell(reader, work.made_columns[field]));
    }
    work.made_columns[made.visible].ints.push_back(round->last);
    work.made.own_record.push_back(release);
    work.made.own_time.push_back(round->last);
  }
}

void DedupeNode::finish_first(Work& work) {
  const Rows& stage = *work.in.stage.rows;
  work.made.count = stage.count;
  work.made.columns = stage.columns;
  work.made.record = stage.record;
  work.made.time = stage.time;
  work.made.batch = stage.batch;
  work.made.origin = stage.origin;
  results_.finish(work.result, work.made,
                  {work.passed.data(), static_cast<uint32_t>(work.passed.size())},
                  work.ports[Port::kMain], work.failed);
}

void DedupeNode::finish_last(Work& work) {
  Rows& made = work.made;
  made.count = static_cast<uint32_t>(made.own_record.size());
  made.record = made.own_record.data();
  made.time = made.own_time.data();
  made.columns.assign(work.made_columns.size(), nullptr);
  for (uint32_t i = 0; i < work.made_columns.size(); ++i) {
    if (kept_[i]) made.columns[i] = &work.made_columns[i];
  }
  if (!work.records.empty()) made.batch = batch_of(work.builder, work.records);
  results_.finish(work.result, made, Selection::all(made.count), work.ports[Port::kMain],
                  work.failed);
}

void DedupeNode::pass_watermark(Work& work, const EventTime* w, Range places) {
  work.watermarks.resize(places.end + 1);
  for (uint32_t i = places.begin; i <= places.end; ++i) {
    const EventTime out = behind(w[i]);
    work.watermarks[i] = keeps_last() && out != kTimeMax ? saturating_sub(out, plan_.keep_us) : out;
  }
  watermark_ = work.watermarks[places.end];
}

void DedupeNode::finish(Work& work, const Chunk& chunk, const GroupedInput::Cut& cut) {
  Rows& out = work.ports[Port::kMain];
  work.now[Port::kMain] = {&out, out.selection()};
  const size_t failed_results = work.failed.size();
  input_.add_failed(work.in, cut, work.failed);
  const uint64_t failed = work.failed.size() - failed_results;
  const uint64_t rows = input_.rows_in(work.in, cut, input_rows(chunk));
  counters.in += input_view(chunk).live.count;
  counters.rows += rows;
  counters.errors += failed;
  counters.late += work.late.late.size();
  counters.duplicates += work.duplicates;
  counters.used += cut.size() - work.late.late.size() - work.duplicates;
  counters.filtered += rows - cut.size() - failed;
  counters.out += out.selection().count;
  Rows& late = work.ports[Port::kLate];
  late_.finish(name(), work.late, {work.in.stage.rows}, plan_.late != OperatorConfig::Late::kDrop,
               late);
  work.now[Port::kLate] = {&late, late.selection()};
  work.error_rows.write(work.failed, work.ports[Port::kErrors], name());
  work.now[Port::kErrors] = {&work.ports[Port::kErrors], work.ports[Port::kErrors].selection()};
}

}  // namespace millrace
