#pragma once

/// Sink `kafka`: rows as messages of one topic.
///
/// Under `at_least_once` an idempotent producer sends rows as they come, and a commit waits until
/// the cluster has them. Under `exactly_once` (epoch_marked) the host delivers a committed epoch at
/// a time: its rows and its number go into one Kafka transaction, the number as the offset that a
/// group holds in partition 0 of this topic, so that the next start reads there what it may leave
/// out (R57). The group is `<owner>.out`, and the owner, as the host names it,
/// `<pipeline>/<sink>@<STATE_ID>`: several sinks may write to one topic, and a state that begins to
/// number anew (E37: `--fresh`, another machine) never takes an older number for its own.

#include <optional>

#include "kafka/client.h"
#include "millrace_kafka_schema.h"

namespace millrace::kafka {

class KafkaSink final : public sink, public epoch_sink {
 public:
  static constexpr auto info =
      describe("org.millrace.kafka", "1.0.0", "Apache-2.0", "Rows as messages of a Kafka topic.",
               schema::sink, title{"Kafka topic"}, status::beta, cap::epoch_marked, cap::in_commit);

  static void validate(const context& ctx, const config& cfg);
  KafkaSink(const context& ctx, const config& cfg);

  void open(const opening& how) override;
  void write(batch_view rows, emitter& rejects) override;
  std::string prepare(uint64_t epoch) override;
  void close() override;

  uint64_t last_epoch(std::string_view owner) override;
  void write_epoch(std::string_view owner, uint64_t epoch, std::span<const batch_view> rows,
                   emitter& rejects) override;

 private:
  struct Producer {
    Owned<rd_kafka_t> client;
    Owned<rd_kafka_topic_t> topic;  ///< Goes before its client.
  };
  Producer make_producer(ClientSettings settings) const;
  void expect_topic(const Producer& producer) const;
  void begin_transactions(std::string_view owner);
  void produce(const Producer& producer, batch_view rows, emitter& rejects);
  void produce_one(const Producer& producer, batch_view rows, uint32_t i, emitter& rejects);
  void wait_for_all(const Producer& producer);
  void commit_transaction(std::string_view owner, uint64_t epoch);

  context ctx_;
  config cfg_;
  std::string topic_;
  bool tombstones_;                        ///< Rows that delete have no value.
  std::string lost_;                       ///< Why a message was not delivered; empty: all were.
  std::optional<Producer> plain_;          ///< Made at the first row that is not part of an epoch.
  std::optional<Producer> transactional_;  ///< Made when the host asks for the last epoch.
  counter records_;
};

}  // namespace millrace::kafka
