#pragma once

/// From a file to a checked PipelineConfig: read, apply `--set`, interpolate, validate against the
/// host's and the plugins' schemas, fill defaults, check across keys. Nothing is started and
/// nothing is written. Everything wrong is reported at once.
/// Threads: any, one call per Faults; reads the environment.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/fault.h"
#include "config/pipeline_config.h"
#include "config/plugin_schemas.h"

namespace millrace {

struct LoadedConfig {
  PipelineConfig pipeline;
  /// The resolved configuration as pretty JSON, secrets shown as "***".
  std::string printed;
};

/// `overrides` are the texts behind `--set`. Construct `faults` with the file's name. Nullopt:
/// there is nothing to look at (missing file, not JSON). Otherwise, when `faults` is not empty, the
/// pipeline is what could be read: parts at fault are left out or hold their defaults, and plugins
/// at fault have no `plugin_config`. It must not be run; it may serve to find more faults in one
/// go.
std::optional<LoadedConfig> load_config(const std::string& file,
                                        const std::vector<std::string>& overrides,
                                        const PluginSchemas& plugins, Faults& faults);
/// The same from a document that was read already, and perhaps changed.
std::optional<LoadedConfig> load_config_document(ConfigDocument document,
                                                 const std::vector<std::string>& overrides,
                                                 const PluginSchemas& plugins, Faults& faults);
/// The same from text; `file_name` is only for messages.
std::optional<LoadedConfig> load_config_text(std::string_view text, const std::string& file_name,
                                             const std::vector<std::string>& overrides,
                                             const PluginSchemas& plugins, Faults& faults);

}  // namespace millrace
