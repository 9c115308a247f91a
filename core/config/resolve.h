#pragma once

/// From a validated document to the structs of pipeline_config.h, part by part. Each function reads
/// what is readable and adds what the schema cannot say (a window has one kind, bounds are
/// ordered); it is silent about values the schema check has told of. Threads: one.

#include "config/document.h"
#include "config/node.h"
#include "config/pipeline_config.h"
#include "config/validate.h"

namespace millrace {

PipelineConfig resolve_pipeline(const ConfigDocument& document, const PluginTexts& texts,
                                Faults& faults);

SourceConfig resolve_source(const ConfigNode& node, Faults& faults);
OperatorConfig resolve_operator(const ConfigNode& node, Faults& faults);
SinkConfig resolve_sink(const ConfigNode& node);
/// `node` is the value of `event_time`.
EventTimeConfig resolve_event_time(const ConfigNode& node, Faults& faults);
/// `node` is the value of `window`. Nullopt: faults were added.
std::optional<WindowConfig> resolve_window(const ConfigNode& node, Faults& faults);
/// `node` is the value of `emit`.
std::optional<EmitConfig> resolve_emit(const ConfigNode& node);
std::optional<JoinConfig> resolve_join(const ConfigNode& node, Faults& faults);
/// A map field path → type.
std::vector<FieldType> resolve_field_types(const ConfigNode& node);
std::optional<Delivery> resolve_delivery(const ConfigNode& node);
/// The entry is split at the side output; whether the name exists is checked later (graph.h).
InputRef resolve_input(const Text& written);
std::vector<InputRef> resolve_inputs(const ConfigNode& node);

}  // namespace millrace
