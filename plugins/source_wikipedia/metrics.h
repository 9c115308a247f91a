#pragma once

/// What the plugin counts. Published once per poll, not per record.

#include <millrace/plugin.hpp>

#include "common/sse/sse_client.h"

namespace millrace::wikipedia {

class Metrics {
 public:
  explicit Metrics(const context& ctx);

  uint64_t canaries = 0, filtered = 0, gaps = 0, broken = 0;
  int64_t lag_ms = -1;  ///< Of the last event; negative: none yet.

  void publish(const sse::SseCounts& counts);
  /// A new client counts from 0 again.
  void restart() { sent_ = {}; }

 private:
  static void add(const counter& metric, uint64_t now, uint64_t& before);
  counter requests_, reconnects_, retries_, stalls_, canaries_, filtered_, gaps_, broken_;
  gauge lag_;
  sse::SseCounts sent_;
  uint64_t sent_canaries_ = 0, sent_filtered_ = 0, sent_gaps_ = 0, sent_broken_ = 0;
};

}  // namespace millrace::wikipedia
