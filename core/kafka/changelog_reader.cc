#include "kafka/changelog_reader.h"

#include <algorithm>
#include <chrono>

#include "kafka/client.h"

namespace millrace::kafka {
namespace {

using std::chrono::steady_clock;

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());
/// A broker that says nothing for so long is away: the task is restarted, and tries again.
constexpr auto kSilenceMax = std::chrono::seconds(30);

/// Who only asks goes without a group: librdkafka then has no coordinator to look for, and nothing
/// of it to take down again while a task is opened.
Owned<rd_kafka_t> asking(const Cluster& cluster) {
  ClientSettings settings(cluster);
  settings.set("isolation.level", "read_uncommitted");
  settings.log_to_host();
  return settings.make(RD_KAFKA_CONSUMER);
}

Owned<rd_kafka_t> consumer(const Cluster& cluster, const std::string& topic) {
  ClientSettings settings(cluster);
  settings.set("group.id", topic + ".restore");  // Asked for, never joined.
  settings.set("enable.auto.commit", "false");
  settings.set("enable.partition.eof", "true");
  settings.set("auto.offset.reset", "error");
  settings.set("isolation.level", "read_committed");
  settings.set_default("fetch.message.max.bytes", "8388608");
  settings.log_to_host();
  return settings.make(RD_KAFKA_CONSUMER);
}

class TopicReader final : public ChangelogReader {
 public:
  TopicReader(Cluster cluster, Changelog log, Range range, std::function<bool()> stopping)
      : cluster_(std::move(cluster)),
        log_(std::move(log)),
        range_(range),
        stopping_(std::move(stopping)) {}

  Range range() const override { return range_; }
  Result<Read> read(int64_t from, const Take& take) override;

 private:
  Result<void> assign(int64_t from);

  const Cluster cluster_;
  const Changelog log_;
  const Range range_;
  const std::function<bool()> stopping_;
  Owned<rd_kafka_t> client_;
};

Result<void> TopicReader::assign(int64_t from) {
  if (!client_) {
    auto client = as_result([&] { return consumer(cluster_, log_.topic); });
    if (!client) return client.error();
    client_ = std::move(*client);
    rd_kafka_poll_set_consumer(client_.get());
  }
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), log_.topic.c_str(), log_.partition)->offset = from;
  if (const auto code = rd_kafka_assign(client_.get(), list.get()))
    return error_of("reading " + log_.topic, code);
  return {};
}

ChangelogReader::Record record_of(const rd_kafka_message_t& message) {
  ChangelogReader::Record record;
  record.key = {static_cast<const char*>(message.key), message.key_len};
  if (message.payload) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  record.next = message.offset + 1;
  return record;
}

Result<ChangelogReader::Read> TopicReader::read(int64_t from, const Take& take) {
  MILLRACE_TRY(assign(from));
  int64_t next = from;
  auto heard = steady_clock::now();
  while (true) {
    if (stopping_()) return Error{Code::kCancelled, "restoring was stopped"};
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(client_.get(), 100));
    if (!message) {
      if (steady_clock::now() - heard > kSilenceMax)
        return Error{Code::kUnavailable, "no answer while reading " + log_.topic};
      continue;
    }
    heard = steady_clock::now();
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: {
        const Record record = record_of(*message);
        next = record.next;
        auto more = take(record);
        if (!more) return more.error();
        if (!*more) return Read{false, next};
        break;
      }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        // Control records take offsets and are never delivered: the end is what is told.
        next = std::max(next, message->offset);
        if (message->offset >= range_.end) return Read{true, next};
        break;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return Read{false, next};
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return error_of("reading " + log_.topic, message->err);
      default: break;  // It is logged, and librdkafka tries again by itself.
    }
  }
}

}  // namespace

/// A read_committed handle would answer with the last stable offset, which may lie before commits
/// that are decided and not yet marked here.
Result<std::unique_ptr<ChangelogReader>> open_changelog(const Cluster& cluster,
                                                        const Changelog& changelog,
                                                        std::function<bool()> stopping) {
  auto client = as_result([&] { return asking(cluster); });
  if (!client) return client.error();
  ChangelogReader::Range range;
  const auto code =
      rd_kafka_query_watermark_offsets(client->get(), changelog.topic.c_str(), changelog.partition,
                                       &range.begin, &range.end, kRequestMs);
  if (code) return error_of("the end of " + changelog.topic, code);
  return std::unique_ptr<ChangelogReader>(
      std::make_unique<TopicReader>(cluster, changelog, range, std::move(stopping)));
}

}  // namespace millrace::kafka
