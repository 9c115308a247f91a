#include "kafka/kafka_log.h"

#include <chrono>
#include <set>

#include "base/fault_point.h"
#include "base/log.h"
#include "json/document.h"
#include "kafka/changelog_record.h"
#include "kafka/deletes.h"
#include "kafka/repartition.h"
#include "state/block_key.h"

namespace millrace::kafka {
namespace {

using Clock = std::chrono::steady_clock;

int64_t wall_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value && value->is_string() ? value->as_string() : "";
}

void add_note(const RepartitionNote& note, rd_kafka_headers_t* headers) {
  const std::string bytes = write_note(note);
  rd_kafka_header_add(headers, kRepartitionHeader, -1, bytes.data(),
                      static_cast<ssize_t>(bytes.size()));
}

/// What our own source wrote as its snapshot (offsets.h).
std::vector<PartitionOffset> offsets_in(const std::string& snapshot) {
  std::vector<PartitionOffset> out;
  const auto parsed = parse_json(snapshot, "");
  const JsonValue* partitions = parsed ? parsed->root.find("partitions") : nullptr;
  if (!partitions || !partitions->is_array()) return out;
  for (const JsonValue& one : partitions->items()) {
    const JsonValue *partition = one.find("partition"), *next = one.find("next");
    if (!partition || !partition->is_int() || !next || !next->is_int()) continue;
    out.push_back({text_of(one, "topic"),
                   static_cast<int32_t>(partition->as_int()),
                   next->as_int(),
                   {},
                   false});
  }
  return out;
}

Owned<rd_kafka_topic_partition_list_t> list_of(const std::vector<PartitionOffset>& offsets) {
  Owned<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const PartitionOffset& one : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), one.topic.c_str(), one.partition)->offset =
        one.next;
  }
  return list;
}

}  // namespace

Result<std::unique_ptr<KafkaLog>> KafkaLog::open(Options options) {
  std::unique_ptr<KafkaLog> out(new KafkaLog(std::move(options)));
  const Options& o = out->options_;
  auto local = LocalLog::open({o.dir + "/" + o.pipeline + "/tasks", std::to_string(o.task)});
  if (!local) return local.error();
  out->local_ = std::move(*local);
  // First nobody else can write any more, then what there is is read.
  auto transaction = Transaction::open(o.cluster, o.pipeline + "-" + std::to_string(o.task));
  if (!transaction) return transaction.error();
  out->transaction_ = std::move(*transaction);
  // librdkafka asks for the leader of a handle's topic at once; of one that it only hears of by
  // name within a second, and the first commit would wait for that.
  out->changelog_topic_.reset(
      rd_kafka_topic_new(&out->transaction_->client(), out->changelog_.topic.c_str(), nullptr));
  if (!out->changelog_topic_)
    return error_of("topic " + out->changelog_.topic, rd_kafka_last_error());
  fault_point("kafka.opened");
  MILLRACE_TRY(out->restore());
  return out;
}

Result<void> KafkaLog::restore() {
  auto reader = open_changelog(options_.cluster, changelog_, options_.stopping);
  if (!reader) return reader.error();
  auto done = restore_changelog(changelog_.topic + " " + std::to_string(changelog_.partition),
                                **reader, *local_, options_.elsewhere);
  if (!done) return done.error();
  LogFigures& figures = options_.figures;
  figures.restored_from_cache.fetch_add(done->copy_bytes, std::memory_order_relaxed);
  figures.restored_from_changelog.fetch_add(done->changelog_bytes, std::memory_order_relaxed);
  figures.restore_us.fetch_add(static_cast<int64_t>(done->seconds * 1e6),
                               std::memory_order_relaxed);
  auto mark = local_->mark();
  if (!mark) return mark.error();
  if (*mark) next_ = (*mark)->next;
  if (!options_.elsewhere) return {};
  copy_is_last_ = done->copy_is_last;
  auto manifest =
      done->manifest ? Result<Manifest>(std::move(*done->manifest)) : manifest_of(*local_);
  if (!manifest) return manifest.error();
  manifest_ = std::move(*manifest);
  return {};
}

KafkaLog::~KafkaLog() = default;

Result<void> KafkaLog::commit(const Commit& commit) {
  if (!transaction_) {
    return Error{Code::kUnavailable, "the last commit failed, so this log is of no use any more"};
  }
  const auto began = Clock::now();
  const int64_t written_us = wall_us();
  copy_is_last_ = false;
  if (manifest_) MILLRACE_TRY(manifest_->apply(commit));
  if (auto done = transact(commit, written_us); !done) {
    // Its outcome is unknown, and rows in its queues are the caller's: it goes before we return.
    targets_.clear();
    changelog_topic_.reset();
    transaction_.reset();
    options_.figures.aborts.fetch_add(1, std::memory_order_relaxed);
    return done;
  }
  fault_point("kafka.committed");
  next_ = static_cast<uint64_t>(transaction_->put_behind());
  MILLRACE_TRY(local_->commit_at(commit, {next_, written_us}));
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
  options_.figures.commit_us.store(took.count(), std::memory_order_relaxed);
  options_.figures.commits.fetch_add(1, std::memory_order_relaxed);
  constexpr auto kTrimEvery = std::chrono::seconds(30);
  if (options_.trims && (!trimmed_ || Clock::now() - *trimmed_ >= kTrimEvery)) trim();
  return {};
}

Result<void> KafkaLog::transact(const Commit& commit, int64_t written_us) {
  MILLRACE_TRY(transaction_->begin());
  fault_point("kafka.begun");
  for (const CommitRows& rows : commit.rows) MILLRACE_TRY(write_rows(rows, commit.epoch));
  fault_point("kafka.rows");
  MILLRACE_TRY(write_changelog(commit, written_us));
  fault_point("kafka.changelog");
  MILLRACE_TRY(send_offsets(commit));
  fault_point("kafka.offsets");
  return transaction_->commit();
}

/// A topic's own settings are those of the sink that writes to it.
Result<const KafkaLog::Target*> KafkaLog::target_of(const CommitRows& rows) {
  Target& target = targets_[rows.sink];
  if (target.topic) return &target;
  const auto parsed = parse_json(*rows.config, "");
  if (!parsed) return parsed.error();
  const std::string name = text_of(parsed->root, "topic");
  const std::string partitioner = text_of(parsed->root, "partitioner");
  const std::string compression = text_of(parsed->root, "compression");
  rd_kafka_topic_conf_t* settings = rd_kafka_topic_conf_new();
  const auto set = [&](const char* property, const std::string& value) {
    char why[256];
    rd_kafka_topic_conf_set(settings, property, value.c_str(), why, sizeof why);
  };
  // A NULL group is one group: without a key, too, its rows must meet in one partition.
  const char* by_key = rows.marker ? "murmur2" : "murmur2_random";
  set("partitioner", partitioner == "consistent_random" ? partitioner : by_key);
  if (!compression.empty()) set("compression.codec", compression);
  target.tombstones = wants_tombstones(text_of(parsed->root, "deletes"));
  target.topic.reset(rd_kafka_topic_new(&transaction_->client(), name.c_str(), settings));
  if (!target.topic) return error_of("topic " + name, rd_kafka_last_error());
  return &target;
}

rd_kafka_headers_t* KafkaLog::headers_of(const CommitRows& rows, const BatchRef& batch,
                                         uint32_t i) const {
  const auto headers = batch.headers(i);
  if (headers.empty() && !rows.marker) return nullptr;
  rd_kafka_headers_t* out = rd_kafka_headers_new(headers.size() + 1);
  for (const mr_header& one : headers) {
    const std::string_view name = batch.header_text(one.name), value = batch.header_text(one.value);
    rd_kafka_header_add(out, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  if (rows.marker) add_note({options_.task, false, batch.time_us(i), false, 0}, out);
  return out;
}

Result<void> KafkaLog::write_rows(const CommitRows& rows, uint64_t epoch) {
  auto target = target_of(rows);
  if (!target) return target.error();
  rd_kafka_topic_t* const topic = (*target)->topic.get();
  for (const BatchRef& batch : rows.batches) {
    for (uint32_t i = 0; i < batch.size(); ++i) {
      const bool gone = (*target)->tombstones && is_delete(batch.value(i));
      MILLRACE_TRY(transaction_->write(topic, batch, i, gone, headers_of(rows, batch, i)));
    }
  }
  return write_markers(topic, rows, epoch);
}

/// Behind the rows of the commit, in the same transaction: W holds for what was read before it. The
/// end of input is told, not stored (R20): it is no W for a topic.
Result<void> KafkaLog::write_markers(rd_kafka_topic_t* topic, const CommitRows& rows,
                                     uint64_t epoch) {
  if (!rows.marker || rows.marker->w == kTimeMax) return {};
  for (int32_t partition = 0; partition < options_.partitions; ++partition) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    add_note({options_.task, true, rows.marker->w, rows.marker->idle, epoch}, headers);
    MILLRACE_TRY(transaction_->mark(topic, partition, headers));
  }
  return {};
}

Result<void> KafkaLog::write_changelog(const Commit& commit, int64_t written_us) {
  auto erased = local_->erased_keys(commit);
  if (!erased) return erased.error();
  std::set<std::string> gone(erased->begin(), erased->end());
  for (const BlockId& id : commit.erase) gone.insert(block_key(id));
  for (const StateBlock& block : commit.put) gone.erase(block_key(block.id));
  for (const std::string& key : gone) {
    MILLRACE_TRY(transaction_->put(changelog_topic_.get(), changelog_.partition, part_key(key, 0),
                                   std::nullopt));
  }
  Result<void> done;
  const auto put = [&](const std::string& key, const std::string& value) {
    if (done) done = transaction_->put(changelog_topic_.get(), changelog_.partition, key, value);
  };
  for (const StateBlock& block : commit.put)
    cut_record(block_key(block.id), commit.epoch, block.bytes, put);
  // Last, so that who has read it has read all of the commit.
  CommitRecord record{local_->state_id(), written_us, commit.meta, {}};
  if (manifest_) record.sums = manifest_->sums();
  cut_record(kCommitKey, commit.epoch, write_commit_record(record), put);
  return done;
}

/// Nobody reads what is committed of a repartition topic again. A failure is nobody's loss: the
/// next time it goes.
void KafkaLog::trim() {
  trimmed_ = Clock::now();
  std::vector<PartitionOffset> committed;
  {
    const std::lock_guard lock(options_.figures.mutex);
    committed = options_.figures.committed;
  }
  if (committed.empty()) return;
  const Owned<rd_kafka_topic_partition_list_t> list = list_of(committed);
  rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(list.get());
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(&transaction_->client()));
  rd_kafka_DeleteRecords(&transaction_->client(), &records, 1, nullptr, queue.get());
  constexpr int kMomentMs = 2000;
  if (rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), kMomentMs)) {
    if (rd_kafka_event_error(event))
      log_debug(std::string("removing what was read: ") + rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
  }
  rd_kafka_DeleteRecords_destroy(records);
}

Result<void> KafkaLog::send_offsets(const Commit& commit) {
  std::vector<PartitionOffset> all;
  for (const std::string& snapshot : commit.positions) {
    for (PartitionOffset& one : offsets_in(snapshot)) all.push_back(std::move(one));
  }
  if (all.empty()) return {};
  auto group = options_.membership.metadata();
  if (!group) return group.error();
  MILLRACE_TRY(transaction_->send_offsets(*list_of(all), **group));
  const std::lock_guard lock(options_.figures.mutex);
  options_.figures.committed = std::move(all);
  return {};
}

}  // namespace millrace::kafka
