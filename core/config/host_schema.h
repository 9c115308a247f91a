#pragma once

/// The host's own schema, host_schema.json, which is the one description of every key that is not a
/// plugin's: checks, defaults and documentation all come from it. Built into the program;
/// references are written out and positions dropped.
/// Ownership: lives as long as the process. Threads: any.

#include "json/value.h"

namespace millrace {

/// The whole configuration; plugins' own keys are unknown to it.
const JsonValue& host_schema();
/// The same, but anything goes inside each source, operator and sink.
const JsonValue& host_top_schema();
const JsonValue& host_source_schema();
const JsonValue& host_operator_schema();
const JsonValue& host_sink_schema();

}  // namespace millrace
