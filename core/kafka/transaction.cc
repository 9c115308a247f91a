#include "kafka/transaction.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace millrace::kafka {
namespace {

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());
/// Shorter than the transaction itself may take (60 s), longer than a coordinator takes to move.
constexpr int kCommitMs = 30'000;
/// Tests do not wait that long.
int commit_ms() {
  const char* text = std::getenv("MILLRACE_KAFKA_COMMIT_MS");
  return text ? std::atoi(text) : kCommitMs;
}
/// Marks the messages of put(): their offsets are asked for.
char kPut;

/// True: the same call may be made again, with the same arguments.
bool again(const rd_kafka_error_t* error, int& tries) {
  return error && rd_kafka_error_is_retriable(error) && ++tries < 5;
}

}  // namespace

void Transaction::note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* self = static_cast<Transaction*>(opaque);
  if (message->err) {
    if (self->lost_.empty()) self->lost_ = rd_kafka_message_errstr(message);
  } else if (message->_private == &kPut) {
    self->put_behind_ = std::max(self->put_behind_, message->offset + 1);
  }
}

Result<std::unique_ptr<Transaction>> Transaction::open(const Cluster& cluster,
                                                       const std::string& id) {
  std::unique_ptr<Transaction> out(new Transaction());
  auto made = as_result([&] {
    ClientSettings settings(cluster);
    settings.set("transactional.id", id);
    settings.set("enable.idempotence", "true");
    settings.set_default("linger.ms", "5");
    settings.set_default("queue.buffering.max.messages", "1000000");
    rd_kafka_conf_set_opaque(settings.get(), out.get());
    rd_kafka_conf_set_dr_msg_cb(settings.get(), note_delivery);
    settings.log_to_host();
    return settings.make(RD_KAFKA_PRODUCER);
  });
  if (!made) return made.error();
  out->client_ = std::move(*made);
  for (int tries = 0;;) {
    const Owned<rd_kafka_error_t> error(rd_kafka_init_transactions(out->client_.get(), kCommitMs));
    if (!error) return out;
    if (!again(error.get(), tries)) return error_of("beginning transactions as " + id, *error);
  }
}

Result<void> Transaction::begin() {
  lost_.clear();
  using namespace std::chrono;
  now_ms_ = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const Owned<rd_kafka_error_t> error(rd_kafka_begin_transaction(client_.get()));
  if (error) return error_of("beginning a transaction", *error);
  return {};
}

/// After a full queue: success means that the message may be tried again.
Result<void> Transaction::wait_for_room(rd_kafka_resp_err_t code, std::string_view what) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    // What it was says whether we were shut out.
    char why[256];
    return error_of(what, rd_kafka_fatal_error(client_.get(), why, sizeof why));
  }
  if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    Error error = error_of(what, code);
    // It would be refused again; nobody else is at fault.
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      error = {Code::kFailed, std::string(what) +
                                  ": a message is larger than message.max.bytes of the producer; "
                                  "raise it in commit.kafka, and in the topic"};
    }
    return error;
  }
  if (!lost_.empty()) return Error{Code::kUnavailable, std::string(what) + ": " + lost_};
  constexpr int kRoomMs = 20;
  rd_kafka_poll(client_.get(), kRoomMs);
  return {};
}

Result<void> Transaction::put(rd_kafka_topic_t* topic, int32_t partition, std::string_view key,
                              std::optional<std::string_view> value) {
  char* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
  const size_t size = value ? value->size() : 0;
  for (;;) {
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(bytes, size),
        RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_OPAQUE(&kPut), RD_KAFKA_V_END);
    if (!code) return {};
    MILLRACE_TRY(wait_for_room(code, std::string("writing to ") + rd_kafka_topic_name(topic)));
  }
}

Result<void> Transaction::write(rd_kafka_topic_t* topic, const BatchRef& rows, uint32_t i,
                                bool tombstone, rd_kafka_headers_t* headers) {
  const std::string_view key = rows.key(i);
  const std::string_view value = tombstone ? std::string_view() : rows.value(i);
  // Brokers refuse times before 1970 and, by default, those more than an hour ahead: a window may
  // end in the future. 0: now.
  const int64_t time_ms = rows.time_us(i) == MR_TIME_NONE ? 0 : rows.time_us(i) / 1000;
  const int64_t told_ms = time_ms < 0 || time_ms > now_ms_ ? 0 : time_ms;
  for (;;) {
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(client_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(0),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                          RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_TIMESTAMP(told_ms),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (!code) return {};  // The headers went with it.
    auto room = wait_for_room(code, std::string("writing to ") + rd_kafka_topic_name(topic));
    if (room) continue;
    if (headers) rd_kafka_headers_destroy(headers);
    return room;
  }
}

Result<void> Transaction::mark(rd_kafka_topic_t* topic, int32_t partition,
                               rd_kafka_headers_t* headers) {
  for (;;) {
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(client_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (!code) return {};
    auto room = wait_for_room(code, std::string("writing to ") + rd_kafka_topic_name(topic));
    if (room) continue;
    rd_kafka_headers_destroy(headers);
    return room;
  }
}

Result<void> Transaction::send_offsets(const rd_kafka_topic_partition_list_t& offsets,
                                       const rd_kafka_consumer_group_metadata_t& group) {
  for (int tries = 0;;) {
    const Owned<rd_kafka_error_t> error(
        rd_kafka_send_offsets_to_transaction(client_.get(), &offsets, &group, kRequestMs));
    if (!error) return {};
    // Retriable, but only as the very same call.
    if (!again(error.get(), tries)) return error_of("sending the offsets", *error);
  }
}

Result<void> Transaction::commit() {
  const Owned<rd_kafka_error_t> error(rd_kafka_commit_transaction(client_.get(), commit_ms()));
  if (error) {
    Error told = error_of("committing", *error);
    if (!lost_.empty()) told.message += " (" + lost_ + ")";
    return told;
  }
  return {};
}

}  // namespace millrace::kafka
