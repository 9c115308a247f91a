#include <algorithm>

#include "kafka/kafka_log.h"
#include "worker/worker.h"

namespace millrace {

RestoredTask Worker::restored(int32_t number, const kafka::LogFigures& figures) const {
  return {config_.name.text, number, figures.restored_from_cache.load(),
          figures.restored_from_changelog.load(),
          static_cast<double>(figures.restore_us.load()) / 1e6};
}

/// One figure for each task that ever ran here.
template <class ValueOf>
void Worker::add_for_each(std::vector<Figure>& out, const char* name, const char* help,
                          bool counter, ValueOf value_of) const {
  for (const auto& [number, figures] : figures_) {
    out.push_back({name,
                   help,
                   counter,
                   {{"stage", config_.name.text}, {"task", std::to_string(number)}},
                   value_of(*figures)});
  }
}

void Worker::add_restored_bytes(std::vector<Figure>& out) const {
  for (const auto& [number, figures] : figures_) {
    const RestoredTask one = restored(number, *figures);
    const std::string task = std::to_string(number);
    const auto from = [&](const char* where, uint64_t bytes) {
      out.push_back({"millrace_kafka_restored_bytes_total",
                     "What starts of the task took its state from",
                     true,
                     {{"stage", one.stage}, {"task", task}, {"from", where}},
                     static_cast<double>(bytes)});
    };
    from("cache", one.cache_bytes);
    from("changelog", one.changelog_bytes);
  }
}

void Worker::add_lag(std::vector<Figure>& out) const {
  for (const auto& [number, task] : tasks_) {
    const kafka::LogFigures& figures = *figures_.at(number);
    std::vector<kafka::PartitionOffset> committed;
    {
      const std::lock_guard guard(figures.mutex);
      committed = figures.committed;
    }
    for (const kafka::PartitionOffset& one : committed) {
      const auto end = membership_->end_of(one.topic, one.partition);
      if (!end) continue;
      out.push_back({"millrace_kafka_lag",
                     "Messages behind the last commit",
                     false,
                     {{"topic", one.topic}, {"partition", std::to_string(one.partition)}},
                     static_cast<double>(std::max<int64_t>(0, *end - one.next))});
    }
  }
}

std::vector<Figure> Worker::figures() const {
  using Figures = kafka::LogFigures;
  std::vector<Figure> out;
  const std::lock_guard lock(mutex_);
  add_for_each(out, "millrace_kafka_commit_seconds", "How long the last transaction took", false,
               [](const Figures& f) { return static_cast<double>(f.commit_us.load()) / 1e6; });
  add_for_each(out, "millrace_kafka_transactions_total", "Transactions committed", true,
               [](const Figures& f) { return static_cast<double>(f.commits.load()); });
  add_for_each(out, "millrace_kafka_failed_transactions_total",
               "Transactions that failed, after which the task was restarted", true,
               [](const Figures& f) { return static_cast<double>(f.aborts.load()); });
  add_restored_bytes(out);
  add_for_each(out, "millrace_kafka_restore_seconds_total",
               "How long starts took to have the state", true,
               [](const Figures& f) { return static_cast<double>(f.restore_us.load()) / 1e6; });
  out.push_back({"millrace_kafka_rebalances_total",
                 "How often the group gave partitions",
                 true,
                 {{"stage", config_.name.text}},
                 membership_ ? static_cast<double>(membership_->rebalances()) : 0});
  add_lag(out);
  return out;
}

}  // namespace millrace
