#include "kafka/membership.h"

#include <algorithm>
#include <set>

namespace millrace::kafka {
namespace {

Owned<rd_kafka_topic_partition_list_t> empty_list() {
  return Owned<rd_kafka_topic_partition_list_t>(rd_kafka_topic_partition_list_new(1));
}

}  // namespace

Result<std::unique_ptr<Membership>> Membership::join(Options options) {
  std::unique_ptr<Membership> out(new Membership(std::move(options)));
  auto made = as_result([&] {
    ClientSettings settings(out->options_.cluster);
    settings.set("group.id", out->options_.group);
    settings.set("enable.auto.commit", "false");
    // Keeps partition n of all topics with one member.
    settings.set("partition.assignment.strategy", "range");
    settings.set_default("session.timeout.ms", "10000");
    rd_kafka_conf_set_opaque(settings.get(), out.get());
    rd_kafka_conf_set_rebalance_cb(settings.get(), on_rebalance);
    settings.log_to_host();
    return settings.make(RD_KAFKA_CONSUMER);
  });
  if (!made) return made.error();
  out->client_ = std::move(*made);
  rd_kafka_poll_set_consumer(out->client_.get());
  MILLRACE_TRY(out->subscribe());
  return out;
}

Membership::~Membership() = default;

Result<void> Membership::subscribe() {
  const auto topics = empty_list();
  for (const std::string& topic : options_.topics)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(client_.get(), topics.get()))
    return error_of("joining group " + options_.group, code);
  return {};
}

void Membership::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                              rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* self = static_cast<Membership*>(opaque);
  if (self->leaving_) {
    rd_kafka_assign(client, nullptr);
    return;
  }
  GroupChange& change = self->change_;
  change = {};
  if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    change.what = GroupChange::What::kTaken;
    change.lost = rd_kafka_assignment_lost(client) != 0;
    return;
  }
  change.what = GroupChange::What::kGiven;
  std::set<int32_t> tasks;
  for (int i = 0; i < partitions->cnt; ++i) tasks.insert(partitions->elems[i].partition);
  change.tasks.assign(tasks.begin(), tasks.end());
  self->rebalances_.fetch_add(1, std::memory_order_relaxed);
}

Result<GroupChange> Membership::next(int wait_ms) {
  const Owned<rd_kafka_message_t> event(rd_kafka_consumer_poll(client_.get(), wait_ms));
  if (event && event->err == RD_KAFKA_RESP_ERR__FATAL) {
    char why[512];
    rd_kafka_fatal_error(client_.get(), why, sizeof why);
    return Error{Code::kFailed, "group " + options_.group + ": " + why +
                                    "; does another worker have the same group.instance.id?"};
  }
  if (event && event->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return Error{Code::kFailed,
                 "group " + options_.group + ": " + rd_kafka_message_errstr(event.get())};
  return std::exchange(change_, {});
}

void Membership::done(const GroupChange& change) {
  // The member takes part, but fetches nothing: tasks read with consumers of their own.
  if (change.what == GroupChange::What::kGiven) rd_kafka_assign(client_.get(), empty_list().get());
  if (change.what == GroupChange::What::kTaken) rd_kafka_assign(client_.get(), nullptr);
}

Result<void> Membership::rejoin() {
  leaving_ = true;
  rd_kafka_unsubscribe(client_.get());
  for (int i = 0; i < 20; ++i) {
    const Owned<rd_kafka_message_t> event(rd_kafka_consumer_poll(client_.get(), 10));
  }
  leaving_ = false;
  change_ = {};
  return subscribe();
}

void Membership::leave() {
  leaving_ = true;
  rd_kafka_consumer_close(client_.get());
}

Result<Owned<rd_kafka_consumer_group_metadata_t>> Membership::metadata() {
  Owned<rd_kafka_consumer_group_metadata_t> group(rd_kafka_consumer_group_metadata(client_.get()));
  if (!group) return Error{Code::kCancelled, "no longer in group " + options_.group};
  return group;
}

std::optional<int64_t> Membership::end_of(const std::string& topic, int32_t partition) {
  constexpr int kMomentMs = 500;
  int64_t begin = 0, end = 0;
  if (rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &begin, &end,
                                       kMomentMs))
    return std::nullopt;
  return end;
}

}  // namespace millrace::kafka
