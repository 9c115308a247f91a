#include "kafka/sink.h"

#include <chrono>
#include <thread>

#include "kafka/deletes.h"
#include "kafka/reach.h"

namespace millrace::kafka {
namespace {

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());
/// A commit may take longer than other requests; the host grants a call 30 s.
constexpr int kCommitMs = 20000;

std::string group_of(std::string_view owner) { return std::string(owner) + ".out"; }

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* lost = static_cast<std::string*>(message->_private);
  if (message->err && lost->empty()) *lost = rd_kafka_message_errstr(message);
}

ClientSettings producer_settings(const context& ctx, const config& cfg) {
  ClientSettings out(cfg);
  out.set("enable.idempotence", "true");
  out.set("partitioner", cfg.str("partitioner", "murmur2") == "murmur2" ? "murmur2_random"
                                                                        : cfg.str("partitioner"));
  out.set_default("compression.type", cfg.str("compression", "none"));
  out.set_default("linger.ms", "5");
  out.set("delivery.report.only.error", "true");
  rd_kafka_conf_set_dr_msg_cb(out.get(), note_delivery);
  out.log_to(ctx);
  return out;
}

/// What a row has of them; null: none. librdkafka takes them over with the message.
rd_kafka_headers_t* headers_of(batch_view rows, uint32_t i) {
  const uint32_t count = rows.header_count(i);
  if (count == 0) return nullptr;
  rd_kafka_headers_t* out = rd_kafka_headers_new(count);
  for (uint32_t h = 0; h < count; ++h) {
    const header one = rows.header_at(i, h);
    rd_kafka_header_add(out, one.name.data(), static_cast<ssize_t>(one.name.size()),
                        one.value.data(), static_cast<ssize_t>(one.value.size()));
  }
  return out;
}

Owned<rd_kafka_topic_partition_list_t> mark_of(const std::string& topic) {
  Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  return list;
}

void must(std::string_view what, rd_kafka_error_t* error) {
  const Owned<rd_kafka_error_t> owned(error);
  if (error) fail(what, *error);
}

}  // namespace

void KafkaSink::validate(const context& ctx, const config& cfg) {
  (void)producer_settings(ctx, cfg);
}

KafkaSink::KafkaSink(const context& ctx, const config& cfg)
    : ctx_(ctx),
      cfg_(cfg),
      topic_(cfg.str("topic")),
      tombstones_(wants_tombstones(cfg.str("deletes", "row"))),
      records_(ctx.make_counter("kafka_records", "messages sent")) {}

void KafkaSink::open(const opening&) { lost_.clear(); }

void KafkaSink::write(batch_view rows, emitter& rejects) {
  if (!plain_) plain_ = make_producer(producer_settings(ctx_, cfg_));
  produce(*plain_, rows, rejects);
}

std::string KafkaSink::prepare(uint64_t) {
  if (plain_) wait_for_all(*plain_);
  return {};
}

KafkaSink::Producer KafkaSink::make_producer(ClientSettings settings) const {
  Producer out{settings.make(RD_KAFKA_PRODUCER), nullptr};
  reach(*out.client, cfg_.str("brokers"));
  out.topic.reset(rd_kafka_topic_new(out.client.get(), topic_.c_str(), nullptr));
  if (!out.topic) fail("topic " + topic_, rd_kafka_last_error());
  expect_topic(out);
  return out;
}

/// Without this librdkafka would hold rows for half a minute before it says that nobody takes them.
/// A cluster that makes topics by itself makes this one because it is asked for it.
void KafkaSink::expect_topic(const Producer& producer) const {
  constexpr auto kBeingMade = std::chrono::seconds(2);
  constexpr auto kAgain = std::chrono::milliseconds(100);
  const auto end = std::chrono::steady_clock::now() + kBeingMade;
  while (true) {
    const rd_kafka_metadata_t* found = nullptr;
    const auto code =
        rd_kafka_metadata(producer.client.get(), 0, producer.topic.get(), &found, kRequestMs);
    const Owned<const rd_kafka_metadata_t> metadata(found);
    if (code) fail("asking for topic " + topic_, code);
    const bool there = metadata->topic_cnt != 1 ||
                       metadata->topics[0].err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (there) return;
    if (ctx_.cancelled()) throw cancelled();
    if (std::chrono::steady_clock::now() >= end)
      throw retriable("there is no topic \"" + topic_ + "\": make it, or mend \"topic\"");
    std::this_thread::sleep_for(kAgain);
  }
}

void KafkaSink::produce(const Producer& producer, batch_view rows, emitter& rejects) {
  for (uint32_t i = 0; i < rows.size(); ++i) produce_one(producer, rows, i, rejects);
  records_.add(rows.size());
  rd_kafka_poll(producer.client.get(), 0);
}

void KafkaSink::produce_one(const Producer& producer, batch_view rows, uint32_t i,
                            emitter& rejects) {
  const std::string_view key = rows.key(i);
  const bool gone = tombstones_ && is_delete(rows.value(i));
  const std::string_view value = gone ? std::string_view() : rows.value(i);
  const int64_t time_us = rows.time_us(i);
  rd_kafka_headers_t* const headers = headers_of(rows, i);
  const auto drop_headers = [&] {
    if (headers) rd_kafka_headers_destroy(headers);
  };
  for (;;) {
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(producer.client.get(), RD_KAFKA_V_RKT(producer.topic.get()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                          RD_KAFKA_V_KEY(key.data(), key.size()),
                          RD_KAFKA_V_TIMESTAMP(time_us == MR_TIME_NONE ? 0 : time_us / 1000),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&lost_), RD_KAFKA_V_END);
    if (!code) return;  // The headers went with it.
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      drop_headers();
      if (code != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) fail("sending to " + topic_, code);
      rejects.reject(rows, i, "larger than message.max.bytes");
      return;
    }
    if (ctx_.cancelled()) {
      drop_headers();
      throw cancelled();
    }
    constexpr int kRoomMs = 100;
    rd_kafka_poll(producer.client.get(), kRoomMs);
  }
}

void KafkaSink::wait_for_all(const Producer& producer) {
  if (const auto code = rd_kafka_flush(producer.client.get(), kCommitMs))
    fail("waiting for " + topic_, code);
  if (lost_.empty()) return;
  const std::string why = std::exchange(lost_, {});
  throw retriable("sending to " + topic_ + ": " + why);
}

void KafkaSink::begin_transactions(std::string_view owner) {
  ClientSettings settings = producer_settings(ctx_, cfg_);
  settings.set("transactional.id", "millrace." + std::string(owner) + "." + topic_);
  transactional_ = make_producer(std::move(settings));
  // Ends what a predecessor left open, and shuts it out.
  must("beginning transactions",
       rd_kafka_init_transactions(transactional_->client.get(), kCommitMs));
}

uint64_t KafkaSink::last_epoch(std::string_view owner) {
  begin_transactions(owner);
  ClientSettings settings(cfg_);
  settings.set("group.id", group_of(owner));
  settings.log_to(ctx_);
  const Owned<rd_kafka_t> reader = settings.make(RD_KAFKA_CONSUMER);
  const auto mark = mark_of(topic_);
  if (const auto code = rd_kafka_committed(reader.get(), mark.get(), kRequestMs))
    fail("reading the last commit", code);
  return mark->elems[0].offset < 0 ? 0 : static_cast<uint64_t>(mark->elems[0].offset);
}

void KafkaSink::write_epoch(std::string_view owner, uint64_t epoch,
                            std::span<const batch_view> rows, emitter& rejects) {
  if (!transactional_) begin_transactions(owner);
  must("beginning a transaction", rd_kafka_begin_transaction(transactional_->client.get()));
  try {
    for (const batch_view& batch : rows) produce(*transactional_, batch, rejects);
    wait_for_all(*transactional_);
    commit_transaction(owner, epoch);
  } catch (const failure&) {
    // A producer whose transaction failed is not used again: the next one fences it and asks what
    // holds.
    transactional_.reset();
    throw;
  }
}

void KafkaSink::commit_transaction(std::string_view owner, uint64_t epoch) {
  const Owned<rd_kafka_consumer_group_metadata_t> group(
      rd_kafka_consumer_group_metadata_new(group_of(owner).c_str()));
  const auto mark = mark_of(topic_);
  mark->elems[0].offset = static_cast<int64_t>(epoch);
  rd_kafka_t* const client = transactional_->client.get();
  must("marking the commit",
       rd_kafka_send_offsets_to_transaction(client, mark.get(), group.get(), kRequestMs));
  must("committing to " + topic_, rd_kafka_commit_transaction(client, kCommitMs));
}

void KafkaSink::close() {
  plain_.reset();
  transactional_.reset();
}

}  // namespace millrace::kafka
