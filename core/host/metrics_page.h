#pragma once

/// `metrics`: {`listen`}: Prometheus text at /metrics while the run lasts. Counters are those of
/// the report's `total` (committed work); gauges are read from the graph where it stands still.
/// Threads: the page's own answer requests.

#include <memory>
#include <string>

#include "base/result.h"
#include "pipeline/run.h"

namespace millrace {

class MetricsPage {
 public:
  /// Fails if the address cannot be listened on. `runner` must outlive it.
  static Result<std::unique_ptr<MetricsPage>> open(const std::string& listen, std::string pipeline,
                                                   Execution& runner);
  ~MetricsPage();

 private:
  struct Parts;
  explicit MetricsPage(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
