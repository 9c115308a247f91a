#pragma once

/// What is known of a file's components, as JSON: written by the inspecting child, read by its
/// parent, kept in the cache.

#include "json/value.h"
#include "plugin/index.h"

namespace millrace {

ComponentInfo info_of(const mr_component& component, std::string file);
JsonValue info_to_json(const ComponentInfo& info);
/// kPluginRefused when a member is missing or of another type: the text came from another process.
Result<ComponentInfo> info_from_json(const JsonValue& json, const std::string& file);

/// What inspecting one file gave: its components, or why it is refused.
using Inspected = Result<std::vector<ComponentInfo>>;

/// Inspects each file in a child process (`self inspect-file FILE`), a few at a time; 10 s each.
/// The results come in the order of the files.
std::vector<Inspected> inspect_files(const std::vector<std::string>& files,
                                     const std::string& self);

}  // namespace millrace
