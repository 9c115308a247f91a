#pragma once

#include <string>

#include "config/plugin_schemas.h"

namespace millrace {

/// The JSON Schema of the whole configuration with all installed plugins in it, for editors:
/// completion, hovering texts, red lines under unknown keys. Plugins whose schema cannot be read
/// are left out. Pretty JSON, no newline at the end.
std::string schema_document(const PluginSchemas& plugins);

}  // namespace millrace
