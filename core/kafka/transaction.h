#pragma once

/// A transactional producer, and one transaction after the other with it. After any error it is of
/// no use: whoever holds it throws it away and opens another, which ends what this one left open
/// and shuts it out. Threads: one at a time.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/client.h"
#include "record/batch.h"

namespace millrace::kafka {

class Transaction {
 public:
  /// Connects and ends whatever a predecessor of the same `id` left open. kUnavailable; kCancelled:
  /// shut out by a newer one.
  static Result<std::unique_ptr<Transaction>> open(const Cluster& cluster, const std::string& id);

  Result<void> begin();
  /// A message of the changelog. The bytes are copied. `value` nothing: a tombstone.
  Result<void> put(rd_kafka_topic_t* topic, int32_t partition, std::string_view key,
                   std::optional<std::string_view> value);
  /// Row `i` of `rows`, whose bytes are lent until commit() has returned or this object is gone.
  /// `tombstone`: its key alone. `headers` is taken over, also on errors; may be null.
  Result<void> write(rd_kafka_topic_t* topic, const BatchRef& rows, uint32_t i, bool tombstone,
                     rd_kafka_headers_t* headers);
  /// A message without key and value to one partition. `headers` as in write().
  Result<void> mark(rd_kafka_topic_t* topic, int32_t partition, rd_kafka_headers_t* headers);
  /// The group's offsets become part of the transaction.
  Result<void> send_offsets(const rd_kafka_topic_partition_list_t& offsets,
                            const rd_kafka_consumer_group_metadata_t& group);
  /// Sends what is still here and commits. An error says nothing of the outcome.
  Result<void> commit();
  /// The offset behind the last message that put() sent to a partition, once commit() succeeded.
  int64_t put_behind() const { return put_behind_; }

  /// For handles that live as long as the producer.
  rd_kafka_t& client() { return *client_; }

 private:
  Transaction() = default;
  static void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
  Result<void> wait_for_room(rd_kafka_resp_err_t code, std::string_view what);

  Owned<rd_kafka_t> client_;
  int64_t put_behind_ = 0;
  int64_t now_ms_ = 0;  ///< Wall clock when the transaction began.
  std::string lost_;    ///< Why a message was not delivered; empty: all were.
};

}  // namespace millrace::kafka
