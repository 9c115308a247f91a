#include "kafka/reader.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <regex>

#include "kafka/reach.h"

namespace millrace::kafka {
namespace {

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());

/// What librdkafka reads ahead; of each partition where they are read apart. Enough for a tenth of
/// a second at what a lane can do.
constexpr const char* kAheadKb = "32768";

using PartitionList = Owned<rd_kafka_topic_partition_list_t>;

PartitionList list_of(size_t size) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

/// Each partition with the offset of what is next in it.
PartitionList next_offsets(const std::vector<PartitionOffset>& partitions) {
  PartitionList list = list_of(partitions.size());
  for (const PartitionOffset& one : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), one.topic.c_str(), one.partition)->offset =
        one.next;
  }
  return list;
}

/// A time of day in UTC, "2026-01-31T00:00:00Z"; the schema has checked the form.
int64_t millis_of(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest || *rest != 'Z')
    throw config_error("start: \"" + text + "\" is not earliest, latest or 2026-01-31T00:00:00Z");
  return int64_t{timegm(&parts)} * 1000;
}

uint64_t number_in(const rd_kafka_t& client, const char* property) {
  char text[32];
  size_t size = sizeof text;
  rd_kafka_conf_get(rd_kafka_conf(const_cast<rd_kafka_t*>(&client)), property, text, &size);
  return std::strtoull(text, nullptr, 10);
}

Owned<rd_kafka_t> consumer(const context& ctx, const config& cfg, const std::string& group,
                           const char* isolation) {
  ClientSettings settings(cfg);
  settings.set("group.id", group);
  settings.set("enable.auto.commit", "false");
  settings.set("enable.auto.offset.store", "false");
  settings.set("enable.partition.eof", "true");
  // What the log no longer has is told as a gap, never skipped in silence.
  settings.set("auto.offset.reset", "error");
  settings.set_default("isolation.level", isolation);
  // Nobody joins the group. So this is only how long closing waits for a coordinator that cannot
  // be reached, with the offsets that publish() told last; unset, longer than a call may take.
  settings.set_default("session.timeout.ms", "6000");
  settings.set_default("queued.max.messages.kbytes", kAheadKb);
  settings.log_to(ctx);
  return settings.make(RD_KAFKA_CONSUMER);
}

}  // namespace

Reader::Reader(const context& ctx, const config& cfg, const ReaderSettings& settings,
               Offsets& offsets, bool until_end)
    : offsets_(offsets),
      task_(settings.task),
      client_(consumer(ctx, cfg, settings.group, "read_committed")),
      ahead_{number_in(*client_, "queued.max.messages.kbytes") << 10,
             number_in(*client_, "queued.min.messages")} {
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  reach(*client_, cfg.str("brokers"));
  const rd_kafka_metadata_t* found = nullptr;
  if (const auto code = rd_kafka_metadata(client_.get(), 1, nullptr, &found, kRequestMs)) {
    fail("cannot reach " + cfg.str("brokers"), code);
  }
  const Owned<const rd_kafka_metadata_t> metadata(found);
  std::vector<std::string> topics = settings.topics;
  if (!settings.pattern.empty()) {
    const std::regex pattern(settings.pattern);
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      if (std::regex_match(metadata->topics[i].topic, pattern))
        topics.push_back(metadata->topics[i].topic);
    }
    std::sort(topics.begin(), topics.end());
  }
  for (const std::string& topic : topics) {
    for (const int32_t partition : partitions_of(*metadata, topic)) {
      if (!offsets_.find(topic, partition))
        offsets_.add(topic, partition, first_offset(settings, topic, partition));
    }
  }
  if (until_end) {
    // What is committed is there, though its markers may not be in every partition yet: a reader of
    // committed messages alone would be told an earlier end.
    const Owned<rd_kafka_t> all = consumer(ctx, cfg, settings.group, "read_uncommitted");
    for (PartitionOffset& one : offsets_.all())
      one.target = range_in(*all, one.topic, one.partition).end;
  }
  if (settings.apart) keep_apart();
  assign();
}

/// Before they are assigned: what librdkafka fetches would go to the common queue at once.
void Reader::keep_apart() {
  for (const PartitionOffset& one : offsets_.all()) {
    apart_.emplace_back(
        rd_kafka_queue_get_partition(client_.get(), one.topic.c_str(), one.partition));
    if (!apart_.back()) throw fatal("there is no queue of " + one.topic);
    rd_kafka_queue_forward(apart_.back().get(), nullptr);
  }
}

/// What is left in queues of their own would keep librdkafka from ending.
Reader::~Reader() {
  for (const auto& queue : apart_) rd_kafka_queue_forward(queue.get(), queue_.get());
}

void Reader::wake() {
  rd_kafka_queue_yield(queue_.get());
  for (const auto& queue : apart_) rd_kafka_queue_yield(queue.get());
}

std::vector<int32_t> Reader::partitions_of(const rd_kafka_metadata_t& metadata,
                                           const std::string& topic) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic& one = metadata.topics[i];
    if (topic != one.topic || one.partition_cnt == 0) continue;
    if (width_ == 0) width_ = one.partition_cnt;
    std::vector<int32_t> out;
    for (int p = 0; p < one.partition_cnt; ++p) {
      if (!task_ || *task_ == one.partitions[p].id) out.push_back(one.partitions[p].id);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  throw fatal("there is no topic \"" + topic + "\" on this cluster, or we may not see it");
}

int64_t Reader::first_offset(const ReaderSettings& settings, const std::string& topic,
                             int32_t partition) {
  if (settings.start != "earliest" && settings.start != "latest") {
    return offset_at(topic, partition, millis_of(settings.start));
  }
  const LogRange log = range_of(topic, partition);
  return settings.start == "latest" ? log.end : log.begin;
}

int64_t Reader::offset_at(const std::string& topic, int32_t partition, int64_t time_ms) {
  const PartitionList list = list_of(1);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = time_ms;
  if (const auto code = rd_kafka_offsets_for_times(client_.get(), list.get(), kRequestMs)) {
    fail("the offset of a time in " + topic, code);
  }
  const int64_t offset = list->elems[0].offset;  // RD_KAFKA_OFFSET_END: nothing is that young.
  return offset >= 0 ? offset : range_of(topic, partition).end;
}

Reader::LogRange Reader::range_of(const std::string& topic, int32_t partition) {
  return range_in(*client_, topic, partition);
}

Reader::LogRange Reader::range_in(rd_kafka_t& client, const std::string& topic, int32_t partition) {
  LogRange log;
  if (const auto code = rd_kafka_query_watermark_offsets(&client, topic.c_str(), partition,
                                                         &log.begin, &log.end, kRequestMs)) {
    fail("where " + topic + " begins and ends", code);
  }
  return log;
}

void Reader::assign() {
  const PartitionList list = next_offsets(offsets_.all());
  if (const auto code = rd_kafka_assign(client_.get(), list.get()))
    fail("assigning the partitions", code);
}

void Reader::read(std::vector<Owned<rd_kafka_message_t>>& out, size_t max,
                  std::chrono::milliseconds wait) {
  std::vector<rd_kafka_message_t*> got(max);
  // The batch call waits until it is full: wait for the first, then take what is there.
  got[0] = rd_kafka_consumer_poll(client_.get(), static_cast<int>(wait.count()));
  if (!got[0]) return;
  const ssize_t more =
      max > 1 ? rd_kafka_consume_batch_queue(queue_.get(), 0, got.data() + 1, max - 1) : 0;
  const size_t count = 1 + static_cast<size_t>(std::max<ssize_t>(0, more));
  for (size_t i = 0; i < count; ++i) {
    keep_ahead(*got[i]);
    out.emplace_back(got[i]);
  }
}

Owned<rd_kafka_message_t> Reader::read_one(uint32_t number, std::chrono::milliseconds wait) {
  Owned<rd_kafka_message_t> out(
      rd_kafka_consume_queue(apart_[number].get(), static_cast<int>(wait.count())));
  if (out) keep_ahead(*out);
  return out;
}

/// At a full queue librdkafka's thread stops to fetch, and looks again a second later however soon
/// the queue is empty (its issue 2879). A question to the leaders wakes it up; nobody waits for the
/// answer.
void Reader::keep_ahead(const rd_kafka_message_t& taken) {
  taken_.bytes += taken.len + taken.key_len;
  taken_.messages += 1;
  if (taken_.bytes < ahead_.bytes / 2 && taken_.messages < ahead_.messages / 2) return;
  taken_ = {};
  const PartitionList list = next_offsets(offsets_.all());
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_END;
  (void)rd_kafka_offsets_for_times(client_.get(), list.get(), 0);
}

int64_t Reader::skip_to_start(const std::string& topic, int32_t partition) {
  const int64_t begin = range_of(topic, partition).begin;
  offsets_[*offsets_.find(topic, partition)].next = begin;
  assign();
  return begin;
}

std::optional<std::vector<int64_t>> Reader::ends_of(const std::vector<Ends::Place>& places) {
  constexpr int kMomentMs = 1000;
  const PartitionList list = list_of(places.size());
  for (const Ends::Place& one : places) {
    const PartitionOffset& place = offsets_[one.number];
    rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), place.partition)->offset =
        RD_KAFKA_OFFSET_END;
  }
  if (rd_kafka_offsets_for_times(client_.get(), list.get(), kMomentMs)) return std::nullopt;
  std::vector<int64_t> out;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err) return std::nullopt;
    out.push_back(list->elems[i].offset);
  }
  return out;
}

void Reader::publish(const std::vector<PartitionOffset>& partitions) {
  if (task_) return;  // The commit log tells the group, in its transaction.
  const PartitionList list = next_offsets(partitions);
  (void)rd_kafka_commit(client_.get(), list.get(), 1);
}

}  // namespace millrace::kafka
