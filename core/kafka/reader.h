#pragma once

/// A consumer of fixed partitions, without a group: the pipeline's own commit says where to go on,
/// the group's offsets are only written for people who watch lag. Threads: one at a time; wake()
/// from any.

#include "kafka/client.h"
#include "kafka/ends.h"
#include "kafka/offsets.h"

namespace millrace::kafka {

struct ReaderSettings {
  std::vector<std::string> topics;
  std::string pattern;  ///< Instead of topics: a regular expression for whole names.
  std::string start;    ///< "earliest", "latest", or a time in RFC 3339.
  std::string group;
  bool repartition = false;     ///< The topic is one of ours, with markers (repartition.h).
  std::optional<int32_t> task;  ///< Only this partition of each topic; the group is not told.
  bool apart = false;           ///< Partitions are read one by one, by read_one().
};

class Reader {
 public:
  /// Connects, finds the partitions, and assigns all of them: those that `offsets` knows at their
  /// offset, new ones where the settings say. `until_end` fixes a target for each. Throws as
  /// client.h says.
  Reader(const context& ctx, const config& cfg, const ReaderSettings& settings, Offsets& offsets,
         bool until_end);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Up to `max` messages in `out` (which may hold events: look at err); waits while there is none.
  void read(std::vector<Owned<rd_kafka_message_t>>& out, size_t max,
            std::chrono::milliseconds wait);
  /// With `apart`: the next message or event of one partition; null: none came within `wait`.
  Owned<rd_kafka_message_t> read_one(uint32_t number, std::chrono::milliseconds wait);
  /// With `apart`: lets librdkafka say what is of no partition.
  void serve() { Owned<rd_kafka_message_t>(rd_kafka_consumer_poll(client_.get(), 0)); }
  /// The log begins behind the stored offset: where it begins now. The partition goes on there.
  int64_t skip_to_start(const std::string& topic, int32_t partition);
  /// As Ends::Ask: asks the leaders, at most for a second.
  std::optional<std::vector<int64_t>> ends_of(const std::vector<Ends::Place>& places);
  /// Tells the group, for those who watch it. Failures are nobody's loss.
  void publish(const std::vector<PartitionOffset>& partitions);
  /// How many partitions the first topic has.
  int32_t width() const { return width_; }
  void wake();

 private:
  std::vector<int32_t> partitions_of(const rd_kafka_metadata_t& metadata, const std::string& topic);
  int64_t first_offset(const ReaderSettings& settings, const std::string& topic, int32_t partition);
  int64_t offset_at(const std::string& topic, int32_t partition, int64_t time_ms);
  /// What the log holds: the first offset, and the one behind the last (the high watermark).
  struct LogRange {
    int64_t begin = 0, end = 0;
  };
  LogRange range_of(const std::string& topic, int32_t partition);
  static LogRange range_in(rd_kafka_t& client, const std::string& topic, int32_t partition);
  void assign();
  void keep_apart();
  void keep_ahead(const rd_kafka_message_t& taken);

  Offsets& offsets_;
  const std::optional<int32_t> task_;
  int32_t width_ = 0;
  Owned<rd_kafka_t> client_;
  Owned<rd_kafka_queue_t> queue_;
  std::vector<Owned<rd_kafka_queue_t>> apart_;  ///< By number; empty: all go through queue_.
  struct Amount {
    uint64_t bytes = 0, messages = 0;
  };
  Amount ahead_;  ///< Where librdkafka stops to read ahead.
  Amount taken_;  ///< Since keep_ahead() woke it.
};

}  // namespace millrace::kafka
