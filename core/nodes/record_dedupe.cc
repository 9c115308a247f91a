#include "nodes/record_dedupe.h"

#include <algorithm>

#include "base/hash.h"
#include "nodes/key_text.h"

namespace millrace {

RecordDedupe::RecordDedupe(RecordDedupePlan plan) : plan_(std::move(plan)), times_(plan_.time) {
  std::vector<WantedField> wanted = plan_.key;
  if (plan_.time.decodes()) wanted.push_back(wanted_time(plan_.time));
  columns_.resize(wanted.size());
  for (size_t i = 0; i < plan_.key.size(); ++i) key_.push_back(&columns_[i]);
  decoder_ = make_json_decoder(std::move(wanted));
}

const DedupeColumns& RecordDedupe::read(const BatchRef& batch, int64_t arrival_us) {
  const uint32_t count = batch.size();
  values_.resize(count);
  for (uint32_t i = 0; i < count; ++i) values_[i] = batch.value(i);
  broken_.clear();
  decoder_->decode(values_, columns_, broken_);
  out_.hash.resize(count);
  out_.time_us.resize(count);
  out_.group.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    out_.time_us[i] = time_of(batch, i, arrival_us);
    out_.group[i] = batch.partition(i);
    out_.hash[i] = out_.time_us[i] == kTimeNone ? 0 : hash_of(i);
  }
  return out_;
}

int64_t RecordDedupe::time_of(const BatchRef& batch, uint32_t record, int64_t arrival_us) {
  const Column* const field = plan_.time.decodes() ? &columns_.back() : nullptr;
  EventTime time = kTimeNone;
  if (times_.of_record(field, record, batch.time_us(record), arrival_us, time)) return kTimeNone;
  return time == kTimeNone ? arrival_us : time;
}

uint64_t RecordDedupe::hash_of(uint32_t record) {
  const bool known = std::all_of(key_.begin(), key_.end(),
                                 [&](const Column* column) { return column->valid(record); });
  if (!known) return 0;
  text_.clear();
  write_key_text(key_, record, text_);
  return std::max<uint64_t>(hash_bytes(text_.view()), 1);
}

}  // namespace millrace
