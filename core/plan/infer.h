#pragma once

/// Types of a source's fields from its first records: opens the plugin, reads a sample, closes it.

#include "columns/schema.h"
#include "plugin/component.h"

namespace millrace {

/// An empty schema for a source without records. The error is the plugin's.
Result<Schema> infer_schema(const Component& component, const InstanceName& name,
                            const std::string& config);

}  // namespace millrace
