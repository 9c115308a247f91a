#pragma once

/// The commit log of one task on a Kafka cluster. README.md is the page: how it commits, restores
/// and fences. Any error of commit() makes it dead: open another.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kafka/changelog_restore.h"
#include "kafka/membership.h"
#include "kafka/offsets.h"
#include "kafka/transaction.h"

namespace millrace::kafka {

/// What is worth watching of a task's log; outlives the log. Threads: any.
struct LogFigures {
  std::atomic<uint64_t> commits{0};
  std::atomic<int64_t> commit_us{0};  ///< Of the last one.
  std::atomic<uint64_t> aborts{0};
  /// What starts took from a cache that was proven, what they read of the changelog, and how long
  /// that took, summed up.
  std::atomic<uint64_t> restored_from_cache{0}, restored_from_changelog{0};  ///< Bytes.
  std::atomic<int64_t> restore_us{0};
  mutable std::mutex mutex;
  std::vector<PartitionOffset> committed;  ///< Guarded by mutex. Where the task is.
};

/// Threads: as CommitLog.
class KafkaLog final : public CommitLog {
 public:
  struct Options {
    Cluster cluster;
    std::string pipeline;
    int32_t task = 0;
    int32_t partitions = 1;  ///< Of the source's topics, and so of repartition topics.
    bool trims = false;      ///< The source is a repartition topic: what is committed goes (R23).
    std::string dir;         ///< `commit.dir`; the copy lies in `<dir>/<pipeline>/tasks/<task>`.
    Membership& membership;  ///< Outlives the log.
    LogFigures& figures;     ///< Outlives the log.
    std::function<bool()> stopping;
    /// A copy of the blocks that a start may take instead of the changelog. With one, commit
    /// records say what it must hold.
    BlocksElsewhere elsewhere = nullptr;
  };

  /// Shuts out whoever had the task before, and brings the copy up to date. kUnavailable: try
  /// again; kCancelled: not ours any more, or stopping; kFailed: with the remedy.
  static Result<std::unique_ptr<KafkaLog>> open(Options options);
  ~KafkaLog() override;

  /// kCancelled: not ours any more. kUnavailable: the outcome is unknown until the next open().
  Result<void> commit(const Commit& commit) override;
  Result<std::optional<Restored>> last() override { return local_->last(); }
  Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) override {
    return local_->read_blocks(op, visit);
  }
  Result<std::vector<StoredOperator>> operators() override { return local_->operators(); }
  std::string state_id() const override { return local_->state_id(); }
  uint64_t bytes_on_disk() const override { return local_->bytes_on_disk(); }
  std::optional<uint64_t> goes_on_at() const override { return next_; }
  const Manifest* manifest() const override { return manifest_ ? &*manifest_ : nullptr; }
  const Manifest* proven_copy() const override { return copy_is_last_ ? &*manifest_ : nullptr; }

 private:
  explicit KafkaLog(Options options)
      : options_(std::move(options)), changelog_{options_.pipeline + ".changelog", options_.task} {}
  Result<void> restore();
  Result<void> transact(const Commit& commit, int64_t written_us);
  Result<void> write_rows(const CommitRows& rows, uint64_t epoch);
  Result<void> write_markers(rd_kafka_topic_t* topic, const CommitRows& rows, uint64_t epoch);
  rd_kafka_headers_t* headers_of(const CommitRows& rows, const BatchRef& batch, uint32_t i) const;
  struct Target {
    Owned<rd_kafka_topic_t> topic;
    bool tombstones = false;  ///< Rows that delete have no value.
  };
  Result<const Target*> target_of(const CommitRows& rows);
  Result<void> write_changelog(const Commit& commit, int64_t written_us);
  Result<void> send_offsets(const Commit& commit);
  void trim();

  Options options_;
  const Changelog changelog_;
  std::unique_ptr<LocalLog> local_;
  uint64_t next_ = 0;                 ///< Where the changelog goes on behind the last commit.
  std::optional<Manifest> manifest_;  ///< Of the last commit, or the one in hand; with `elsewhere`.
  bool copy_is_last_ = false;         ///< The copy elsewhere is proven to hold manifest_.
  std::optional<std::chrono::steady_clock::time_point> trimmed_;
  // In this order: handles of topics go before their client.
  std::unique_ptr<Transaction> transaction_;  ///< Null: dead.
  Owned<rd_kafka_topic_t> changelog_topic_;
  std::map<std::string, Target> targets_;  ///< By sink.
};

}  // namespace millrace::kafka
