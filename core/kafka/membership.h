#pragma once

/// A worker's membership in the consumer group of its sources. The member reads nothing: tasks read
/// with consumers of their own, so it is told what the group gives and takes, and says when that is
/// done. A task is a partition number of all topics; the assignor keeps them together.
/// Threads: next(), done(), rejoin() and leave() by one; metadata() and figures from any.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client.h"

namespace millrace::kafka {

class Membership {
 public:
  struct Options {
    Cluster cluster;
    std::string group;
    std::vector<std::string> topics;
  };
  /// Joins. kUnavailable: no broker answers; kInvalidConfig: a property is wrong.
  static Result<std::unique_ptr<Membership>> join(Options options);
  ~Membership();

  /// Waits at most `wait_ms` for the group to say something. A change is to be answered by done(),
  /// within max.poll.interval.ms. kFailed: shut out for good.
  Result<GroupChange> next(int wait_ms);
  void done(const GroupChange& change);
  /// Leaves and joins again: the group decides anew who has what.
  Result<void> rejoin();
  void leave();

  /// Who we are in the group as of now.
  Result<Owned<rd_kafka_consumer_group_metadata_t>> metadata();
  /// Where a partition ends, as a reader of committed messages sees it. Waits for a moment only.
  std::optional<int64_t> end_of(const std::string& topic, int32_t partition);
  uint64_t rebalances() const { return rebalances_.load(std::memory_order_relaxed); }

 private:
  explicit Membership(Options options) : options_(std::move(options)) {}
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  Result<void> subscribe();

  const Options options_;
  Owned<rd_kafka_t> client_;
  GroupChange change_;    ///< Filled by on_rebalance, inside next().
  bool leaving_ = false;  ///< What is taken now needs no answer.
  std::atomic<uint64_t> rebalances_{0};
};

}  // namespace millrace::kafka
