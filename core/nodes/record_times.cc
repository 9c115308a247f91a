#include "nodes/record_times.h"

namespace millrace {

RecordTimes::RecordTimes(Plan plan) : plan_(std::move(plan)), times_(plan_.time), column_(1) {
  if (plan_.configured && !plan_.path.empty())
    decoder_ = make_json_decoder({wanted_time(plan_.path, plan_.time)});
}

EventTime RecordTimes::read(std::string_view value, EventTime own, int64_t now_us) {
  if (decoder_) return read_field(value, now_us);
  const bool usable = !plan_.configured || !times_.fault_of(own, now_us);
  return usable ? own : kTimeNone;
}

EventTime RecordTimes::read_field(std::string_view value, int64_t now_us) {
  constexpr size_t kReadableBehind = 64;  // For the decoder.
  if (value.data()) {
    text_.clear();
    text_.append(value);
    (void)text_.room(kReadableBehind);
    value = text_.view();
  }
  broken_.clear();
  decoder_->decode({&value, 1}, column_, broken_);
  if (!broken_.empty()) return kTimeNone;
  EventTime time = kTimeNone;
  return times_.read(column_[0], 0, now_us, time) ? kTimeNone : time;
}

}  // namespace millrace
