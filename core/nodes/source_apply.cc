// Apply: W over the partitions, in the order of records and of what the source says; counters; the
// commit.
#include <algorithm>

#include "nodes/partition_json.h"
#include "nodes/source_work.h"

namespace millrace {

Result<void> SourceNode::apply(Chunk& chunk, Range range) {
  auto& work = static_cast<Work&>(work_of(chunk));
  work.watermarks.resize(chunk.places() + 1);
  const uint32_t end = range.last ? chunk.records : range.end;
  observe(work, chunk, range.begin, end, range.last);
  const uint32_t cut = range.last ? UINT32_MAX : range.end;
  work.now[Port::kMain] = view_of(work.ports[Port::kMain], range.begin, cut);
  work.now[Port::kErrors] = view_of(work.ports[Port::kErrors], range.begin, cut);
  work.now[Port::kGaps] = view_of(work.ports[Port::kGaps], range.begin, cut);
  if (range.last) duplicates_.add(chunk.remembered);
  if (range.last && !chunk.gaps.empty() && plan_.fail_on_gap) {
    return Error{Code::kFailed, name() + ": records are lost (" + chunk.gaps[0].reason +
                                    ") and on_gap is \"fail\""};
  }
  // Delivered, not stored: a later run on longer input starts at the W before the end (R20).
  if (range.last) {
    ended_ = chunk.end;
    work.watermarks[chunk.places()] = watermark();
  }
  count(work, chunk, range.begin, end, cut);
  return {};
}

/// Records and what the source said of its partitions, in their one order. W before a record is W
/// behind all that was said in front of it.
void SourceNode::observe(Work& work, Chunk& chunk, uint32_t begin, uint32_t end, bool last) {
  const EventTime w = watermark_.now();
  const uint32_t* partitions = chunk.batch ? chunk.batch.abi().partition : nullptr;
  if (begin == 0) chunk.after_idle.clear();
  const auto observe_upto = [&](uint32_t upto) {
    work.behind.clear();
    watermark_.observe_all({work.time.data() + begin, upto - begin},
                           partitions ? partitions + begin : nullptr,
                           {work.watermarks.data() + begin, upto - begin + 1}, work.behind);
    if (!work.behind.empty()) {
      chunk.after_idle.resize(chunk.records);
      std::copy(work.behind.begin(), work.behind.end(), chunk.after_idle.begin() + begin);
    }
    begin = upto;
  };
  for (const PartitionEvent& event : chunk.events) {
    if (event.before_record < begin || event.before_record > end) continue;
    if (event.before_record == end && !last) continue;
    observe_upto(event.before_record);
    watermark_.take(event, chunk.arrival_us);
  }
  observe_upto(end);
  if (chunk.tick) watermark_.tick(chunk.arrival_us);
  work.watermarks[end] = watermark_.now();
  if (watermark_.now() != w) moved_at_us_ = chunk.arrival_us;
  next_tick_us_.store(watermark_.next_tick(), std::memory_order_relaxed);
}

void SourceNode::count(const Work& work, const Chunk& chunk, uint32_t begin, uint32_t end,
                       uint32_t cut) {
  source_counters.errors += work.now[Port::kErrors].live.count;
  source_counters.records += end - begin;
  for (uint32_t i = begin; i < end; ++i) source_counters.bytes += chunk.batch.value(i).size();
  if (cut == UINT32_MAX) {
    source_counters.records += chunk.skipped;
    source_counters.skipped += chunk.skipped;
  }
  for (const Reject& reject : chunk.rejects) {
    const auto place = static_cast<uint32_t>(std::min<int64_t>(reject.after_record, chunk.records));
    if (place < begin || place >= cut) continue;
    ++source_counters.records;
    source_counters.bytes += reject.bytes.size();
  }
}

const EventTime* SourceNode::watermarks(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).watermarks.data();
}

const EventTime* SourceNode::times(const Chunk& chunk) const {
  return static_cast<const Work&>(*chunk.work[index()]).time.data();
}

void SourceNode::save(uint64_t epoch, Commit& commit, JsonValue& meta) {
  duplicates_.save(epoch, commit);
  meta.set("max_time", JsonValue::integer(watermark_.max_time()));
  meta.set("watermark", JsonValue::integer(watermark_.now()));
  save_partitions(watermark_, meta);
}

Result<void> SourceNode::restore(const JsonValue& meta, CommitLog& log) {
  MILLRACE_TRY(duplicates_.restore(log));
  if (!restore_partitions(meta, watermark_)) {
    return Error{Code::kCorrupt, "the stored watermark of " + name() + " is damaged"};
  }
  next_tick_us_.store(watermark_.next_tick(), std::memory_order_relaxed);
  return {};
}

}  // namespace millrace
