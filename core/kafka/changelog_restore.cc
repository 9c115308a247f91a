#include "kafka/changelog_restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/fault_point.h"
#include "base/log.h"
#include "kafka/changelog_record.h"

namespace millrace::kafka {
namespace {

using std::chrono::steady_clock;

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());
constexpr uint64_t kFlushBytes = 16 << 20;
/// A broker that says nothing for so long is away: the task is restarted, and tries again.
constexpr auto kSilenceMax = std::chrono::seconds(30);

int64_t wall_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

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

struct Range {
  int64_t begin = 0, end = 0;
};

/// A read_committed handle would answer with the last stable offset, which may lie before commits
/// that are decided and not yet marked here.
Result<Range> whole_range(const Cluster& cluster, const Changelog& log) {
  auto client = as_result([&] { return asking(cluster); });
  if (!client) return client.error();
  Range range;
  const auto code = rd_kafka_query_watermark_offsets(
      client->get(), log.topic.c_str(), log.partition, &range.begin, &range.end, kRequestMs);
  if (code) return error_of("the end of " + log.topic, code);
  return range;
}

/// One reading of a changelog partition into a copy.
class Restoring {
 public:
  Restoring(const Changelog& log, LocalLog& local, Range range)
      : log_(log), local_(local), range_(range) {}

  /// False: the copy is of another state and was dropped; begin anew at the start.
  Result<bool> read(rd_kafka_t& client, int64_t from, const std::function<bool()>& stopping);

 private:
  Result<void> take(const rd_kafka_message_t& message);
  Result<void> take_commit(const RecordAssembly::Whole& whole);
  Result<void> flush(int64_t next);
  void tell(int64_t next, bool done);

  const Changelog& log_;
  LocalLog& local_;
  const Range range_;
  int64_t from_ = 0;
  RecordAssembly assembly_;
  LocalLog::Copied copied_;
  uint64_t held_bytes_ = 0, read_bytes_ = 0;
  bool foreign_state_ = false;
  steady_clock::time_point began_ = steady_clock::now(), told_ = began_;
};

Result<void> Restoring::take_commit(const RecordAssembly::Whole& whole) {
  if (!whole.bytes) return {};
  auto record = read_commit_record(*whole.bytes);
  if (!record) {
    return Error{Code::kCorrupt,
                 fmt::format("a commit record in {} is damaged: restore the topic", log_.topic)};
  }
  const bool from_start = from_ <= range_.begin;
  if (!from_start && record->state_id != local_.state_id()) foreign_state_ = true;
  copied_.state_id = std::move(record->state_id);
  copied_.last = Restored{whole.commit, std::move(record->meta)};
  copied_.mark.written_us = record->written_us;
  return {};
}

Result<void> Restoring::take(const rd_kafka_message_t& message) {
  const std::string_view key(static_cast<const char*>(message.key), message.key_len);
  std::optional<std::string_view> value;
  if (message.payload) value.emplace(static_cast<const char*>(message.payload), message.len);
  read_bytes_ += message.len;
  auto whole = assembly_.take(key, value);
  if (!whole) return {};
  if (whole->block == kCommitKey) return take_commit(*whole);
  held_bytes_ += whole->bytes ? whole->bytes->size() : 0;
  copied_.changes[std::move(whole->block)] = std::move(whole->bytes);
  return {};
}

/// Half a commit may lie in the copy until the rest follows: the mark says where that is.
Result<void> Restoring::flush(int64_t next) {
  copied_.mark.next = static_cast<uint64_t>(next);
  if (copied_.mark.written_us == 0) copied_.mark.written_us = wall_us();
  MILLRACE_TRY(local_.copy(copied_));
  fault_point("restore.flushed");
  copied_.changes.clear();
  copied_.last.reset();
  copied_.state_id.clear();
  held_bytes_ = 0;
  return {};
}

void Restoring::tell(int64_t next, bool done) {
  const auto now = steady_clock::now();
  if (!done && now - told_ < std::chrono::seconds(2)) return;
  told_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (done && next - from_ < 1000 && seconds < 1) return;
  log_info(fmt::format("{} {}: {} offsets {} to {} of {}, {:.1f} MB/s", log_.topic, log_.partition,
                       done ? "restored" : "restoring", from_, next, range_.end,
                       static_cast<double>(read_bytes_) / 1e6 / std::max(seconds, 1e-3)));
}

Result<bool> Restoring::read(rd_kafka_t& client, int64_t from,
                             const std::function<bool()>& stopping) {
  from_ = from;
  rd_kafka_poll_set_consumer(&client);
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), log_.topic.c_str(), log_.partition)->offset = from;
  if (const auto code = rd_kafka_assign(&client, list.get()))
    return error_of("reading " + log_.topic, code);
  int64_t next = from;
  auto heard = steady_clock::now();
  while (true) {
    if (stopping()) return Error{Code::kCancelled, "restoring was stopped"};
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(&client, 100));
    if (!message) {
      if (steady_clock::now() - heard > kSilenceMax)
        return Error{Code::kUnavailable, "no answer while reading " + log_.topic};
      continue;
    }
    heard = steady_clock::now();
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      // Control records take offsets and are never delivered: the end is what is told.
      next = std::max(next, message->offset);
      if (message->offset >= range_.end) break;
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
      return false;
    if (message->err) {
      if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return error_of("reading " + log_.topic, message->err);
      continue;  // It is logged, and librdkafka tries again by itself.
    }
    MILLRACE_TRY(take(*message));
    if (foreign_state_) return false;
    next = message->offset + 1;
    if (held_bytes_ >= kFlushBytes) MILLRACE_TRY(flush(next));
    tell(next, false);
  }
  MILLRACE_TRY(flush(next));
  tell(next, true);
  return true;
}

/// Where to begin: behind the copy, if that can be believed.
Result<int64_t> start_of(const Changelog& log, LocalLog& local, Range range) {
  auto mark = local.mark();
  if (!mark) return mark.error();
  if (!*mark) return range.begin;
  const auto next = static_cast<int64_t>((*mark)->next);
  if (next > range.end) {
    return Error{
        Code::kFailed,
        fmt::format("the local copy in {} is ahead of {} partition {} (offset {}, the topic ends "
                    "at {}): the topic was made anew or restored from an older copy; bring it "
                    "back, or remove that directory to go on from the topic as it is",
                    local.path(), log.topic, log.partition, next, range.end)};
  }
  if (wall_us() - (*mark)->written_us <= kCopyAgeMaxUs || next == range.end) return next;
  log_info(
      fmt::format("the local copy of {} {} is older than its tombstones live; reading all of it",
                  log.topic, log.partition));
  MILLRACE_TRY(local.reset_to(local.state_id()));
  return range.begin;
}

}  // namespace

Result<void> restore_changelog(const Cluster& cluster, const Changelog& log, LocalLog& local,
                               const std::function<bool()>& stopping) {
  auto range = whole_range(cluster, log);
  if (!range) return range.error();
  auto from = start_of(log, local, *range);
  if (!from) return from.error();
  if (*from >= range->end) return {};
  for (int tries = 0;; ++tries) {
    auto client = as_result([&] { return consumer(cluster, log.topic); });
    if (!client) return client.error();
    auto whole = Restoring(log, local, *range).read(**client, *from, stopping);
    if (!whole) return whole.error();
    if (*whole) return {};
    if (tries > 0) return Error{Code::kUnavailable, log.topic + " changes while it is read"};
    log_info(fmt::format("the local copy in {} is not of {}; reading all of that", local.path(),
                         log.topic));
    MILLRACE_TRY(local.reset_to(""));
    from = range->begin;
  }
}

}  // namespace millrace::kafka
