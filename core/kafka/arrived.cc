#include "kafka/arrived.h"

namespace millrace::kafka {
namespace {

/// Messages in one look at the queue: large enough to be cheap.
constexpr size_t kReadMax = 1024;

}  // namespace

void Arrived::clear() {
  messages_.clear();
  taken_ = 0;
  run_ = {};  // Another client may give its topics the same addresses.
}

void Arrived::read(Reader& reader, std::chrono::milliseconds wait) {
  messages_.clear();
  taken_ = 0;
  reader.read(messages_, kReadMax, wait);
}

size_t Arrived::fit(const budget& b, emitter& out) const {
  uint32_t records = 0;
  uint64_t values = 0, keys = 0;
  size_t end = taken_;
  for (; end < messages_.size() && records < b.max_records; ++end) {
    const rd_kafka_message_t& one = *messages_[end];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (records > 0 && values + keys + one.len + one.key_len > b.max_bytes) break;
    ++records;
    values += one.len;
    keys += one.key_len;
  }
  out.expect(records, values, keys);
  return end - taken_;
}

std::optional<uint32_t> Arrived::number_of(const rd_kafka_message_t& message,
                                           const Offsets& offsets) {
  if (message.rkt != run_.topic || message.partition != run_.partition) {
    run_ = {message.rkt, message.partition,
            offsets.find(rd_kafka_topic_name(message.rkt), message.partition)};
  }
  return run_.number;
}

}  // namespace millrace::kafka
