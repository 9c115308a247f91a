#pragma once

/// Checks across sources, operators and sinks that need no expression engine: names, inputs,
/// cycles, and who may read whom (R45, E15, E17, E23).
/// Threads: one.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/pipeline_config.h"

namespace millrace {

/// Who reads whom. Only names that exist are in it.
/// Ownership: points into the PipelineConfig, which must not change meanwhile.
class ConfigGraph {
 public:
  explicit ConfigGraph(const PipelineConfig& config) : config_(config) {}

  /// `from`, then `join.with`.
  static std::vector<const InputRef*> inputs_of(const OperatorConfig& reader);
  /// Adds a fault for each cycle and is true if there is one; the questions below must not be asked
  /// then.
  bool find_cycles(Faults& faults) const;

  /// The side output whose rows come through this input, however many operators without state lie
  /// between. Empty: none, so the rows carry a watermark.
  std::string side_output_behind(const InputRef& input) const;
  /// The nearest operator with state above (or at) the input. Empty: none.
  std::string state_behind(const InputRef& input) const;
  /// Whether rows of this input are upserts of a table.
  bool is_table(const InputRef& input) const;

 private:
  bool visit(const OperatorConfig& reader, std::vector<const OperatorConfig*>& path,
             std::set<const OperatorConfig*>& done, Faults& faults) const;

  const PipelineConfig& config_;
  // Answers by operator: without them a ladder of merges would double the work at each rung.
  mutable std::map<const OperatorConfig*, std::string> side_outputs_;
  mutable std::map<const OperatorConfig*, std::string> states_;
  mutable std::map<const OperatorConfig*, bool> tables_;
};

/// Adds the faults; entries of `from` that name nothing are taken out of `config`.
void check_names_and_inputs(PipelineConfig& config, Faults& faults);
/// After check_names_and_inputs.
void check_rules(const ConfigDocument& document, const PipelineConfig& config, Faults& faults);

}  // namespace millrace
