#include "kafka/topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "base/log.h"
#include "base/noun.h"
#include "kafka/changelog_restore.h"
#include "kafka/client.h"
#include "kafka/reach.h"

namespace millrace::kafka {
namespace {

constexpr int kRequestMs = static_cast<int>(kRequestTime.count());

Result<Owned<rd_kafka_t>> admin_client(const Cluster& cluster) {
  return as_result([&] {
    ClientSettings settings(cluster);
    settings.log_to_host();
    auto client = settings.make(RD_KAFKA_PRODUCER);
    reach(*client, cluster.brokers);
    return client;
  });
}

Result<std::map<std::string, int32_t>> all_topics(rd_kafka_t& client, const Cluster& cluster) {
  const rd_kafka_metadata_t* found = nullptr;
  if (const auto code = rd_kafka_metadata(&client, 1, nullptr, &found, kRequestMs))
    return error_of("cannot reach " + cluster.brokers, code);
  const Owned<const rd_kafka_metadata_t> metadata(found);
  std::map<std::string, int32_t> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& one = metadata->topics[i];
    if (one.partition_cnt > 0) topics[one.topic] = one.partition_cnt;
  }
  return topics;
}

struct DestroyAdmin {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_ConfigResource_t* resource) const {
    rd_kafka_ConfigResource_destroy(resource);
  }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
template <class T>
using OwnedAdmin = std::unique_ptr<T, DestroyAdmin>;

Result<OwnedAdmin<rd_kafka_event_t>> answer_of(rd_kafka_queue_t* queue, const std::string& what) {
  OwnedAdmin<rd_kafka_event_t> event(rd_kafka_queue_poll(queue, 2 * kRequestMs));
  if (!event) return Error{Code::kUnavailable, what + ": no answer"};
  if (const auto code = rd_kafka_event_error(event.get())) return error_of(what, code);
  return event;
}

Result<void> make(rd_kafka_t& client, const TopicPlan& plan, int32_t replication) {
  char why[512];
  const OwnedAdmin<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(plan.name.c_str(), plan.partitions, replication, why, sizeof why));
  if (!topic) return Error{Code::kFailed, "cannot make topic " + plan.name + ": " + why};
  for (const auto& [name, value] : plan.settings)
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(&client));
  rd_kafka_NewTopic_t* one = topic.get();
  rd_kafka_CreateTopics(&client, &one, 1, nullptr, queue.get());
  auto event = answer_of(queue.get(), "making topic " + plan.name);
  if (!event) return event.error();
  size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  const auto code = count ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
  // Another worker was quicker.
  if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    if (!code)
      log_info(fmt::format("made topic {} ({})", plan.name, counted(plan.partitions, "partition")));
    return {};
  }
  const char* told = rd_kafka_topic_result_error_string(results[0]);
  return Error{Code::kFailed,
               fmt::format("cannot make topic {}: {}; make it by hand with {}, or set "
                           "commit.topics.replication",
                           plan.name, told ? told : rd_kafka_err2str(code),
                           counted(plan.partitions, "partition"))};
}

/// What the broker says that `setting` of the topic is; empty: it does not say.
Result<std::string> setting_of(rd_kafka_t& client, const std::string& topic,
                               const std::string& setting) {
  const OwnedAdmin<rd_kafka_ConfigResource_t> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(&client));
  rd_kafka_ConfigResource_t* one = resource.get();
  rd_kafka_DescribeConfigs(&client, &one, 1, nullptr, queue.get());
  auto event = answer_of(queue.get(), "the settings of topic " + topic);
  if (!event) return event.error();
  size_t count = 0, entries = 0;
  const auto** found = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count == 0) return std::string();
  const auto** all = rd_kafka_ConfigResource_configs(found[0], &entries);
  for (size_t i = 0; i < entries; ++i) {
    if (setting != rd_kafka_ConfigEntry_name(all[i])) continue;
    const char* value = rd_kafka_ConfigEntry_value(all[i]);
    return std::string(value ? value : "");
  }
  return std::string();
}

Result<void> check(rd_kafka_t& client, const TopicPlan& plan, int32_t partitions) {
  if (partitions != plan.partitions) {
    return Error{Code::kFailed,
                 fmt::format("topic {} has {}, but this pipeline needs {}, one for each "
                             "of its source's: the source's topics were widened, which moves keys; "
                             "go on under another \"pipeline\" name",
                             plan.name, counted(partitions, "partition"), plan.partitions)};
  }
  for (const auto& [name, value] : plan.settings) {
    if (name != "cleanup.policy") continue;
    auto found = setting_of(client, plan.name, name);
    if (!found) return found.error();
    if (found->empty() || *found == value) continue;
    return Error{Code::kFailed,
                 fmt::format("topic {} has {}={}, which would lose state; set it to {}", plan.name,
                             name, *found, value)};
  }
  return {};
}

/// A topic that was made is known to all brokers a moment later.
Result<void> wait_for(rd_kafka_t& client, const Cluster& cluster,
                      const std::vector<TopicPlan>& topics) {
  constexpr int kLooks = 100;
  constexpr auto kPause = std::chrono::milliseconds(100);
  for (int i = 0; i < kLooks; ++i) {
    auto all = all_topics(client, cluster);
    if (!all) return all.error();
    const bool there = std::all_of(topics.begin(), topics.end(), [&](const TopicPlan& plan) {
      const auto found = all->find(plan.name);
      return found != all->end() && found->second == plan.partitions;
    });
    if (there) return {};
    std::this_thread::sleep_for(kPause);
  }
  return Error{Code::kUnavailable, "topics that were made are not to be seen after 10 s"};
}

Error missing(const std::string& topic) {
  return {Code::kFailed, "there is no topic \"" + topic +
                             "\" on this cluster, or we may not see it: make it first"};
}

}  // namespace

TopicPlan changelog_plan(const std::string& pipeline, int32_t partitions) {
  return {pipeline + ".changelog",
          partitions,
          {{"cleanup.policy", "compact"},
           {"delete.retention.ms", std::to_string(kTombstonesMs)},
           {"message.timestamp.type", "LogAppendTime"},
           {"max.message.bytes", "2097152"}}};
}

TopicPlan repartition_plan(const std::string& name, int32_t partitions) {
  return {name,
          partitions,
          {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}}};
}

TopicPlan dead_letters_plan(const std::string& pipeline) {
  return {pipeline + ".dead_letters", 1, {}};
}

Result<int32_t> common_partitions(const Cluster& cluster, const std::vector<std::string>& topics) {
  auto client = admin_client(cluster);
  if (!client) return client.error();
  auto all = all_topics(**client, cluster);
  if (!all) return all.error();
  int32_t partitions = 0;
  for (const std::string& topic : topics) {
    const auto found = all->find(topic);
    if (found == all->end()) return missing(topic);
    if (partitions != 0 && partitions != found->second) {
      return Error{Code::kFailed,
                   fmt::format("topics of one pipeline need equally many partitions under the "
                               "kafka commit log: {} has {}, {} has {}",
                               topics[0], partitions, topic, found->second)};
    }
    partitions = found->second;
  }
  return partitions;
}

Result<void> require_topics(const Cluster& cluster, const std::vector<std::string>& topics) {
  auto client = admin_client(cluster);
  if (!client) return client.error();
  auto all = all_topics(**client, cluster);
  if (!all) return all.error();
  for (const std::string& topic : topics) {
    if (!all->contains(topic)) return missing(topic);
  }
  return {};
}

Result<void> ensure_topics(const Cluster& cluster, const std::vector<TopicPlan>& topics,
                           int32_t replication) {
  auto client = admin_client(cluster);
  if (!client) return client.error();
  auto all = all_topics(**client, cluster);
  if (!all) return all.error();
  bool made = false;
  for (const TopicPlan& plan : topics) {
    const auto found = all->find(plan.name);
    made = made || found == all->end();
    MILLRACE_TRY(found == all->end() ? make(**client, plan, replication)
                                     : check(**client, plan, found->second));
  }
  return made ? wait_for(**client, cluster, topics) : Result<void>();
}

}  // namespace millrace::kafka
