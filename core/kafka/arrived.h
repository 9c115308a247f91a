#pragma once

/// What the source has read of all its partitions together and not yet put out, as it came.
/// Threads: one.

#include "kafka/offsets.h"
#include "kafka/reader.h"

namespace millrace::kafka {

class Arrived {
 public:
  void clear();
  bool empty() const { return taken_ == messages_.size(); }
  /// With none left: waits for some. They may be events: look at err.
  void read(Reader& reader, std::chrono::milliseconds wait);
  /// How many of them, from the next on, fit the budget; at least one if there is any. Tells `out`
  /// what their records take, so that they become one batch: each is a chunk, and a chunk costs as
  /// much as decoding several records.
  size_t fit(const budget& b, emitter& out) const;
  /// Lent until the next call but number_of().
  const rd_kafka_message_t& next() { return *messages_[taken_++]; }
  /// The partition that a record is of; nothing: none of ours. Messages of one come in runs.
  std::optional<uint32_t> number_of(const rd_kafka_message_t& message, const Offsets& offsets);

 private:
  std::vector<Owned<rd_kafka_message_t>> messages_;
  size_t taken_ = 0;
  struct Run {
    const rd_kafka_topic_t* topic = nullptr;
    int32_t partition = 0;
    std::optional<uint32_t> number;
  } run_;
};

}  // namespace millrace::kafka
