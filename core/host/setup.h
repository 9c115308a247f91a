#pragma once

/// What every verb needs first: the index of plugins and a loaded configuration.

#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "host/options.h"
#include "plugin/index.h"

namespace millrace {

/// First-party plugins beside the program, then MILLRACE_PLUGIN_PATH, then `--plugins`.
Result<PluginIndex> scan_plugins(const std::vector<std::string>& plugin_dirs);

/// The index as core/config wants to see it.
class IndexedSchemas final : public PluginSchemas {
 public:
  explicit IndexedSchemas(const PluginIndex& index);
  const PluginSchema* find(std::string_view kind, std::string_view name) const override;
  std::vector<std::string> names(std::string_view kind) const override;

 private:
  std::vector<PluginSchema> schemas_;
};

/// Prints all faults on stderr when there are any.
std::optional<LoadedConfig> load(const ConfigArguments& arguments, const PluginIndex& index,
                                 Faults& faults);

/// For verbs that look into the local state.
Result<void> refuse_kafka_log(const PipelineConfig& config, std::string_view verb);
/// `millrace: ` and the masked text on stderr; the exit code that belongs to the error.
int report_error(const Error& error);
/// All faults; 2. When a plugin is missing and libraries were refused, those too; 3.
int report_faults(const Faults& faults, const PluginIndex& index);

}  // namespace millrace
