#pragma once

/// Validates a configuration part by part: code picks the plugin, and each object meets exactly one
/// schema, so that an error names one place. Also builds what each plugin is given.
/// Threads: one.

#include <map>
#include <string>

#include "config/document.h"
#include "config/plugin_schemas.h"

namespace millrace {

/// Normalised JSON for each plugin by the pointer of its source, operator or sink: the plugin's own
/// keys with their defaults, the host's keys that its schema also names, and `contact`.
/// Holds secrets.
using PluginTexts = std::map<std::string, std::string, std::less<>>;

/// Fills defaults into `document` (the plugins' `x-record` too). What is wrong goes to `faults`;
/// texts of plugins with faults are not made.
PluginTexts validate_document(ConfigDocument& document, const PluginSchemas& plugins,
                              Faults& faults);

}  // namespace millrace
