#pragma once

/// What tests of the watermark per partition share: rules of live input, and events in short.

#include <initializer_list>

#include "window/partition_watermarks.h"

namespace millrace {

using What = PartitionEvent::What;
using State = PartitionWatermarks::State;
using Rules = PartitionWatermarks::Rules;

constexpr Rules kLive{.out_of_orderness_us = 10, .idle_timeout_us = 100};
constexpr Rules kClock{
    .out_of_orderness_us = 10, .idle_timeout_us = 100, .clock_when_all_idle = true};

inline void assign(PartitionWatermarks& w, std::initializer_list<uint32_t> partitions) {
  for (uint32_t p : partitions) w.take({What::kAssigned, p}, 0);
}
inline State state_of(const PartitionWatermarks& w, uint32_t partition) {
  return w.partitions().at(partition).state;
}

}  // namespace millrace
