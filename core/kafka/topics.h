#pragma once

/// The topics that a pipeline needs beside those of its sources and sinks. Threads: the caller's.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/cluster.h"

namespace millrace::kafka {

struct TopicPlan {
  std::string name;
  int32_t partitions = 1;
  /// As the broker names them. Those of `cleanup.policy` are checked when the topic exists.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// `<pipeline>.changelog`.
TopicPlan changelog_plan(const std::string& pipeline, int32_t partitions);
/// `<pipeline>.<operator>.repartition`: kept until it is read; what is committed is removed.
TopicPlan repartition_plan(const std::string& name, int32_t partitions);
TopicPlan dead_letters_plan(const std::string& pipeline);

/// How many partitions each of `topics` has. kFailed: one is missing, or they differ, with the
/// remedy; kUnavailable: no broker answers.
Result<int32_t> common_partitions(const Cluster& cluster, const std::vector<std::string>& topics);

/// kFailed: one of `topics`, which others own, is not there.
Result<void> require_topics(const Cluster& cluster, const std::vector<std::string>& topics);

/// Makes what is missing, and checks what is there. kFailed, with what to change.
Result<void> ensure_topics(const Cluster& cluster, const std::vector<TopicPlan>& topics,
                           int32_t replication);

}  // namespace millrace::kafka
