#pragma once

/// The metrics that every polled source has, published once per poll. Threads: one.

#include <millrace/plugin.hpp>

#include "common/poll/poller.h"

namespace millrace::poll {

class Metrics {
 public:
  explicit Metrics(const context& ctx);
  /// Counts go on over close and open of the source.
  void publish(const PollCounts& counts);

  /// Publishes when it goes out of scope, also when poll throws.
  class Publishing {
   public:
    Publishing(Metrics& metrics, const Poller& poller) : metrics_(metrics), poller_(poller) {}
    ~Publishing() { metrics_.publish(poller_.counts()); }
    Publishing(const Publishing&) = delete;
    Publishing& operator=(const Publishing&) = delete;

   private:
    Metrics& metrics_;
    const Poller& poller_;
  };

 private:
  struct Metric {
    counter to;
    uint64_t PollCounts::*from;
  };
  std::vector<Metric> metrics_;
  PollCounts sent_;
};

}  // namespace millrace::poll
