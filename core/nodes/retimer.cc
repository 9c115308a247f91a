#include "nodes/retimer.h"

#include <algorithm>

#include "base/assert.h"
#include "json/value.h"

namespace millrace {

Retimer::Retimer(RetimePlan plan, const std::vector<Input>& below) : plan_(std::move(plan)) {
  for (const Input& input : below) add_sources(*input.node);
}

void Retimer::add_sources(const Node& node) {
  for (const Input& input : node.inputs()) add_sources(*input.node);
  const auto same = [&](const Partition& one) { return one.source == &node; };
  if (!node.inputs().empty() || std::any_of(partitions_.begin(), partitions_.end(), same)) return;
  partitions_.push_back({&node, Watermark(plan_.time.out_of_orderness_us)});
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
  const auto mine = std::find_if(partitions_.begin(), partitions_.end(), [&](const Partition& one) {
    return one.source->index() == chunk.source;
  });
  MILLRACE_ASSERT(mine != partitions_.end());
  const uint32_t end = range.last ? chunk.places() : range.end;
  work.watermarks.resize(chunk.places() + 1);
  uint32_t next = 0;
  for (uint32_t place = range.begin; place < end; ++place) {
    work.watermarks[place] = watermark();
    for (; next < rows.live.count && rows.rows->record_of(rows.live[next]) == place; ++next) {
      mine->watermark.observe(rows.rows->time[rows.live[next]]);
    }
    if (const EventTime w = watermark(); w != kTimeMax) reached_ = w;
  }
  if (range.last) mine->ended = chunk.end;
  work.watermarks[end] = watermark();
}

/// A source at its end or idle holds nobody back (R15); while all are idle W stands still.
EventTime Retimer::watermark() const {
  EventTime w = kTimeMax;
  bool any_idle = false;
  for (const Partition& one : partitions_) {
    if (one.ended) continue;
    if (one.source->idle()) {
      any_idle = true;
    } else {
      w = std::min(w, one.watermark.now());
    }
  }
  if (w == kTimeMax && any_idle) return reached_;
  return std::max(w, reached_);
}

void Retimer::save(JsonValue& meta) const {
  meta.set("reached", JsonValue::integer(reached_));
  JsonValue& stored = meta.set("watermarks", JsonValue::object());
  for (const Partition& one : partitions_) {
    JsonValue& times = stored.set(one.source->name(), JsonValue::object());
    times.set("max_time", JsonValue::integer(one.watermark.max_time()));
    times.set("watermark", JsonValue::integer(one.watermark.now()));
  }
}

void Retimer::restore(const JsonValue& meta) {
  const JsonValue* reached = meta.find("reached");
  if (reached && reached->is_int()) reached_ = reached->as_int();
  const JsonValue* stored = meta.find("watermarks");
  for (Partition& one : partitions_) {
    const JsonValue* times = stored ? stored->find(one.source->name()) : nullptr;
    const JsonValue* max_time = times ? times->find("max_time") : nullptr;
    const JsonValue* w = times ? times->find("watermark") : nullptr;
    if (max_time && w && max_time->is_int() && w->is_int())
      one.watermark.restore(max_time->as_int(), w->as_int());
  }
}

}  // namespace millrace
