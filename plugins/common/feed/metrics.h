#pragma once

/// What every sink with a live page tells of its readers. Threads: one.

#include <millrace/plugin.hpp>
#include <utility>

namespace millrace::feed {

class ReaderMetrics {
 public:
  explicit ReaderMetrics(const context& ctx)
      : readers_(ctx.make_gauge("readers", "Readers that are connected")),
        cut_(ctx.make_counter("cut", "Readers that were cut because they did not read")) {}

  /// `cut` counts from the server's start.
  void publish(uint64_t readers, uint64_t cut) {
    readers_.set(static_cast<double>(readers));
    if (cut > told_cut_) cut_.add(static_cast<double>(cut - std::exchange(told_cut_, cut)));
  }

 private:
  gauge readers_;
  counter cut_;
  uint64_t told_cut_ = 0;
};

}  // namespace millrace::feed
