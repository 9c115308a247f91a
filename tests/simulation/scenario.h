#pragma once

/// The pipelines that are simulated, and the logs that they read.

#include <map>
#include <string>
#include <vector>

#include "config/pipeline_config.h"
#include "outside.h"
#include "plugin/index.h"

namespace millrace::simulation {

struct Scenario {
  std::string name;
  PipelineConfig config;
  bool keeps_cache = false;
  bool reads_again = false;  ///< The source gives records twice; its counters may differ.
};

class Scenarios {
 public:
  /// Loads all. Faults in them end the program.
  Scenarios();
  const std::vector<Scenario>& all() const { return all_; }
  const PluginIndex& plugins() const { return plugins_; }

 private:
  void add(const std::string& name, const std::string& operators, bool two_sources, bool cache,
           bool again = false);
  PluginIndex plugins_;
  std::vector<Scenario> all_;
};

/// Logs `a` and `b`: keys, numbers, times out of order by less than the sources allow, some by
/// more. The same for the same variant.
std::map<std::string, std::vector<LogItem>> make_logs(uint64_t variant, bool repeats);

}  // namespace millrace::simulation
