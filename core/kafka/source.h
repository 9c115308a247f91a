#pragma once

/// Source `kafka`: topics as records with key, headers and time. Positions are offsets, so replay
/// is exact. Asked to (`max_task_idle_us`, which the host adds), it merges its partitions by event
/// time, which the host reads of each message for it (merged_heads.h); otherwise messages come as
/// they arrive.

#include <millrace/cpp/event_times.hpp>
#include <mutex>
#include <optional>

#include "kafka/arrived.h"
#include "kafka/ends.h"
#include "kafka/merged_heads.h"
#include "kafka/reader.h"
#include "millrace_kafka_schema.h"

namespace millrace::kafka {

class KafkaSource final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.kafka", "1.0.0", "Apache-2.0", "Topics of a Kafka cluster.",
               schema::source, title{"Kafka topics"}, status::beta, trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg);
  KafkaSource(const context& ctx, const config& cfg);

  traits source_traits() const override { return {.bounded = false, .replay = replay::exact}; }
  void open(const opening& how) override;
  flow poll(const budget& b, emitter& out) override;
  std::string snapshot(uint64_t epoch) override;
  void ack(const acknowledged&) override;
  void cancel() noexcept override;
  void close() override;

 private:
  void poll_arrived(const budget& b, emitter& out);
  void poll_merged(const budget& b, emitter& out);
  bool pull(uint32_t number, std::chrono::milliseconds wait, emitter& out);
  void take_record(const rd_kafka_message_t& message, uint32_t number, emitter& out);
  bool take_note(const rd_kafka_message_t& message, record& r, emitter& out);
  void take_event(const rd_kafka_message_t& message, emitter& out);
  void look_at_ends(emitter& out);
  void tell_gap(const std::string& topic, int32_t partition, emitter& out);

  context ctx_;
  config cfg_;
  ReaderSettings settings_;
  Offsets offsets_;
  Ends ends_{std::chrono::steady_clock::now};
  uint32_t announced_ = 0;  ///< Partitions that the host knows of.
  bool until_end_ = false;
  std::mutex mutex_;  ///< Of the pointer: cancel() comes from any thread.
  std::unique_ptr<Reader> reader_;
  Arrived arrived_;
  std::optional<MergedHeads> merged_;  ///< Then instead of arrived_...
  std::optional<event_times> times_;
  std::vector<Owned<rd_kafka_message_t>> heads_;  ///< ...the next one of each partition.
  std::vector<header> headers_;
  std::vector<PartitionOffset> snapshot_, published_;
  counter records_, bytes_;
};

}  // namespace millrace::kafka
