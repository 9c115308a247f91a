#pragma once

/// The plugin's metrics, published once per poll. Threads: one.

#include <millrace/plugin.hpp>

namespace millrace::blockchain {

struct Counts {
  uint64_t requests = 0, reconnects = 0, retries = 0, stalls = 0, overflow = 0, gaps = 0,
           orphans = 0, others = 0;
};

class Metrics {
 public:
  explicit Metrics(const context& ctx)
      : counters_{{ctx.make_counter("requests", "Requests and handshakes"), &Counts::requests},
                  {ctx.make_counter("reconnects", "Connections after the first"),
                   &Counts::reconnects},
                  {ctx.make_counter("retries", "Attempts that got no usable answer"),
                   &Counts::retries},
                  {ctx.make_counter("stalls", "Connections given up because nothing came"),
                   &Counts::stalls},
                  {ctx.make_counter("overflow", "Messages dropped because nobody read"),
                   &Counts::overflow},
                  {ctx.make_counter("gaps", "Known losses"), &Counts::gaps},
                  {ctx.make_counter("orphans", "Blocks that a reorganisation took back"),
                   &Counts::orphans},
                  {ctx.make_counter("others", "Messages that are no records"), &Counts::others}},
        behind_(
            ctx.make_gauge("blocks_behind", "Blocks between the tip and the last one put out")) {}

  /// Clients were made anew and count from 0.
  void restart() { sent_ = {}; }
  void publish(const Counts& now) {
    for (const Counter& one : counters_) {
      const uint64_t more = now.*one.from - sent_.*one.from;
      if (more > 0) one.to.add(static_cast<double>(more));
    }
    sent_ = now;
  }
  void blocks_behind(int64_t blocks) {
    behind_.set(static_cast<double>(std::max<int64_t>(blocks, 0)));
  }

 private:
  struct Counter {
    counter to;
    uint64_t Counts::*from;
  };
  std::vector<Counter> counters_;
  gauge behind_;
  Counts sent_;
};

}  // namespace millrace::blockchain
