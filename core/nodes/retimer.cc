#include "nodes/retimer.h"

#include <algorithm>

#include "base/assert.h"
#include "json/value.h"
#include "nodes/merged_watermark.h"
#include "nodes/partition_json.h"
#include "nodes/source_node.h"

namespace millrace {

Retimer::Retimer(RetimePlan plan, const std::vector<Input>& below) : plan_(std::move(plan)) {
  std::vector<const SourceNode*> sources;
  for (const Input& input : below) add_sources(*input.node, sources);
  for (const SourceNode* source : sources) {
    PartitionWatermarks::Rules rules = source->tracker().rules();
    rules.out_of_orderness_us = plan_.time.out_of_orderness_us;
    upstreams_.push_back({source, PartitionWatermarks(rules)});
  }
  merged_ = InputWatermarks(upstreams_.size());
}

void Retimer::add_sources(const Node& node, std::vector<const SourceNode*>& out) const {
  for (const Input& input : node.inputs()) add_sources(*input.node, out);
  if (!node.inputs().empty()) return;
  const auto* source = static_cast<const SourceNode*>(&node);
  if (std::find(out.begin(), out.end(), source) == out.end()) out.push_back(source);
}

void Retimer::read(Work& work, Rows& rows, Selection live, int64_t now_us,
                   RowErrors& errors) const {
  const Column& column = *rows.columns[plan_.field];
  rows.own_time.resize(rows.count);
  std::fill(rows.own_time.begin(), rows.own_time.end(), kTimeNone);
  for (uint32_t i = 0; i < live.count; ++i) {
    const uint32_t row = live[i];
    EventTime time = kTimeNone;
    if (const char* fault = work.times.read(column, row, now_us, time)) {
      errors.add(row, sqlstate::kInvalidDatetime, nullptr, 0, fault);
    } else {
      rows.own_time[row] = time;
    }
  }
  rows.time = rows.own_time.data();
}

void Retimer::advance(Work& work, const RowsView& rows, const Chunk& chunk, Range range) {
  const auto mine = std::find_if(upstreams_.begin(), upstreams_.end(), [&](const Upstream& one) {
    return one.source->index() == chunk.source;
  });
  MILLRACE_ASSERT(mine != upstreams_.end());
  const uint32_t end = range.last ? chunk.places() : range.end;
  work.watermarks.resize(chunk.places() + 1);
  auto event = std::find_if(chunk.events.begin(), chunk.events.end(),
                            [&](const auto& told) { return told.before_record >= range.begin; });
  uint32_t next = 0;
  for (uint32_t place = range.begin; place < end; ++place) {
    for (; event != chunk.events.end() && event->before_record == place; ++event)
      mine->partitions.take(*event, chunk.arrival_us);
    work.watermarks[place] = merged();
    if (place < chunk.records) observe(*mine, rows, chunk, place, next);
  }
  if (range.last && chunk.tick) mine->partitions.tick(chunk.arrival_us);
  if (range.last) mine->ended = chunk.end;
  work.watermarks[end] = merged();
}

/// One record of the source and the rows that came of it.
void Retimer::observe(Upstream& mine, const RowsView& rows, const Chunk& chunk, uint32_t record,
                      uint32_t& next) const {
  const uint32_t* partitions = chunk.batch.abi().partition;
  const uint32_t partition = partitions ? partitions[record] : 0;
  mine.partitions.observe(partition, kTimeNone);
  for (; next < rows.live.count && rows.rows->record_of(rows.live[next]) == record; ++next)
    mine.partitions.observe(partition, rows.rows->time[rows.live[next]]);
}

/// A source at its end or idle holds nobody back (R15); while all are idle W stands still.
EventTime Retimer::merged() {
  const auto w_of = [&](size_t i) {
    return upstreams_[i].ended ? kTimeMax : upstreams_[i].partitions.now();
  };
  const auto idle = [&](size_t i) {
    const Upstream& one = upstreams_[i];
    return !one.ended && (one.partitions.all_idle() || one.source->at_end());
  };
  return watermark_ = merged_.take(w_of, idle);
}

void Retimer::save(JsonValue& meta) const {
  save_merged(merged_, meta);
  JsonValue& stored = meta.set("watermarks", JsonValue::object());
  for (const Upstream& one : upstreams_) {
    JsonValue& mine = stored.set(one.source->name(), JsonValue::object());
    mine.set("watermark", JsonValue::integer(one.partitions.now()));
    save_partitions(one.partitions, mine);
  }
}

bool Retimer::restore(const JsonValue& meta) {
  restore_merged(meta, merged_);
  watermark_ = merged_.held();
  const JsonValue* stored = meta.find("watermarks");
  for (Upstream& one : upstreams_) {
    const JsonValue* mine = stored ? stored->find(one.source->name()) : nullptr;
    if (mine && !restore_partitions(*mine, one.partitions)) return false;
  }
  return true;
}

}  // namespace millrace
