#pragma once

/// The metrics that every source of events has, published once per poll. Threads: one.

#include <millrace/plugin.hpp>

#include "common/sse/sse_client.h"

namespace millrace::sse {

class Metrics {
 public:
  explicit Metrics(const context& ctx)
      : requests_(ctx.make_counter("requests", "Requests sent to the service")),
        reconnects_(ctx.make_counter("reconnects", "Connections after the first")),
        retries_(ctx.make_counter("retries", "Attempts that got no event stream")),
        stalls_(ctx.make_counter("stalls", "Connections given up because nothing came")),
        overflow_(ctx.make_counter("overflow", "Events dropped because nobody read")),
        filtered_(ctx.make_counter("filtered", "Events that were not wanted")),
        gaps_(ctx.make_counter("gaps", "Known losses")) {}

  /// A new client counts from 0.
  void restart() { sent_ = {}; }
  void publish(const SseCounts& counts) {
    add(requests_, counts.requests, sent_.requests);
    add(reconnects_, counts.reconnects, sent_.reconnects);
    add(retries_, counts.retries, sent_.retries);
    add(stalls_, counts.stalls, sent_.stalls);
    add(overflow_, counts.overflow, sent_.overflow);
    add(filtered_, filtered, sent_filtered_);
    add(gaps_, gaps, sent_gaps_);
  }

  uint64_t filtered = 0, gaps = 0;

 private:
  static void add(const counter& metric, uint64_t now, uint64_t& before) {
    const uint64_t more = now - std::exchange(before, now);
    if (more > 0) metric.add(static_cast<double>(more));
  }
  counter requests_, reconnects_, retries_, stalls_, overflow_, filtered_, gaps_;
  SseCounts sent_;
  uint64_t sent_filtered_ = 0, sent_gaps_ = 0;
};

}  // namespace millrace::sse
