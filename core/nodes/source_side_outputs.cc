// Prepare, its other half: the rows of `.errors` and `.gaps` of a chunk.
#include <algorithm>

#include "nodes/source_work.h"

namespace millrace {
namespace {

/// As the constructor gives the shape of `.gaps`.
enum GapField : size_t {
  kSource,
  kPartition,
  kFrom,
  kTo,
  kFromPosition,
  kToPosition,
  kReason,
  kEstimated,
  kGapFields
};

}  // namespace

void SourceNode::list_errors(Work& work, const Chunk& chunk) const {
  std::stable_sort(work.faults.begin(), work.faults.end(),
                   [](const RecordFault& a, const RecordFault& b) { return a.record < b.record; });
  Rows& rows = work.ports[Port::kErrors];
  work.error_rows.start(rows, name());
  size_t reject = 0;
  const auto add_rejects_before = [&](uint64_t record) {
    for (; reject < chunk.rejects.size(); ++reject) {
      const Reject& r = chunk.rejects[reject];
      if (static_cast<uint64_t>(r.after_record) > record) return;
      const auto place = static_cast<uint32_t>(std::min<int64_t>(r.after_record, chunk.records));
      work.error_rows.add(
          {place, r.reason, {}, r.partition, r.position, r.time_us, r.bytes, false});
    }
  };
  for (const RecordFault& fault : work.faults) {
    add_rejects_before(fault.record);
    const uint32_t i = fault.record;
    // What failed only by its time is good JSON.
    const bool is_json = fault.reason && !plan_.is_text;
    work.error_rows.add({i,
                         fault.reason ? std::string_view(fault.reason) : fault.text,
                         {},
                         chunk.batch.partition(i),
                         chunk.batch.position(i),
                         kTimeNone,
                         chunk.batch.value(i),
                         is_json});
  }
  add_rejects_before(UINT64_MAX);
  work.error_rows.finish();
}

/// Known losses (P3), told behind the records they were reported with.
void SourceNode::list_gaps(Work& work, const Chunk& chunk) const {
  Rows& rows = work.ports[Port::kGaps];
  rows.clear();
  rows.own_record.clear();
  rows.own_time.clear();
  rows.columns.resize(kGapFields);
  const Schema& schema = shape(Port::kGaps).schema;
  for (uint32_t i = 0; i < kGapFields; ++i) {
    rows.own_column(i).reset(schema[i].type, 0);
    rows.columns[i] = &rows.own_column(i);
  }
  const auto push_int = [&](GapField field, int64_t value, bool known) {
    if (!known) return rows.own[field]->push_null();
    rows.own[field]->ints.push_back(value);
    rows.own[field]->pushed_valid();
  };
  for (const Gap& gap : chunk.gaps) {
    rows.own[kSource]->texts.push_back(name());
    push_int(kPartition, gap.partition, true);
    push_int(kFrom, gap.from_us, gap.from_us != kTimeNone);
    push_int(kTo, gap.to_us, gap.to_us != kTimeNone);
    push_int(kFromPosition, static_cast<int64_t>(gap.from_position), true);
    push_int(kToPosition, static_cast<int64_t>(gap.to_position), true);
    rows.own[kReason]->texts.push_back(gap.reason);
    rows.own[kEstimated]->bools.push_back(gap.estimated);
    rows.own_record.push_back(chunk.records);
    rows.own_time.push_back(kTimeNone);
    ++rows.count;
  }
  rows.columns.push_back(rows.own[kSource].get());
  rows.columns.push_back(rows.own[kReason].get());
  rows.record = rows.own_record.data();
  rows.time = rows.own_time.data();
}

}  // namespace millrace
