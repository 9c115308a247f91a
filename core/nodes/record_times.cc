#include "nodes/record_times.h"

namespace millrace {

RecordTimes::RecordTimes(EventTimePlan plan) : plan_(std::move(plan)), times_(plan_), column_(1) {
  if (plan_.decodes()) decoder_ = make_json_decoder({wanted_time(plan_)});
}

EventTime RecordTimes::read(std::string_view value, EventTime own, int64_t now_us) {
  const Column* const field = decoder_ ? decode(value) : nullptr;
  if (decoder_ && !field) return kTimeNone;
  EventTime time = kTimeNone;
  return times_.of_record(field, 0, own, now_us, time) ? kTimeNone : time;
}

/// Null: the record is broken.
const Column* RecordTimes::decode(std::string_view value) {
  constexpr size_t kReadableBehind = 64;  // For the decoder.
  if (value.data()) {
    text_.clear();
    text_.append(value);
    (void)text_.room(kReadableBehind);
    value = text_.view();
  }
  broken_.clear();
  decoder_->decode({&value, 1}, column_, broken_);
  return broken_.empty() ? &column_[0] : nullptr;
}

}  // namespace millrace
