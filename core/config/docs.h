#pragma once

/// Documentation as Markdown, from schemas and nothing else: a key that is not described is not
/// documented, and tests refuse host keys without a description.
/// Threads: any.

#include <string>

#include "base/result.h"
#include "config/plugin_schemas.h"
#include "json/value.h"

namespace millrace {

/// `| key | type | default | meaning |`, nested keys as `event_time.field`. `schema` has no `$ref`.
std::string keys_table(const JsonValue& schema);
/// The whole configuration: top level, any source, any operator, any sink.
std::string host_docs();
/// One plugin: its own keys, an example, what its records look like. kPluginRefused: the schema
/// cannot be read.
Result<std::string> plugin_docs(const PluginSchema& plugin);

}  // namespace millrace
