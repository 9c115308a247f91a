#pragma once

/// The metrics of all plugin instances that live now, for whoever shows them. Instances enter and
/// leave by themselves.
/// Threads: any.

#include <vector>

#include "plugin/component.h"

namespace millrace {

struct LiveMetrics {
  InstanceName name;
  Kind kind;
  std::vector<Metric> metrics;
};
/// In the order in which the instances were made.
std::vector<LiveMetrics> live_metrics();

/// For Instance alone. Behind end_metrics() nobody asks it any more.
void begin_metrics(const Instance& instance, InstanceName name, Kind kind);
void end_metrics(const Instance& instance);

}  // namespace millrace
