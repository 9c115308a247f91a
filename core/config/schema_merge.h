#pragma once

/// Schemas as trees: references expanded, a plugin's schema laid over the host's. Everything after
/// this works on schemas without `$ref`, so that a walk and valijson see the same thing.
/// Threads: any.

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace millrace {

/// `#/…` references replaced by what they name; members beside a `$ref` win over the named ones
/// (draft-07 would ignore them, we use them for descriptions). A schema that contains itself is cut
/// off after 16 levels, where anything is allowed. kInvalidConfig: a reference leads nowhere.
Result<JsonValue> expand_refs(const JsonValue& schema);

/// Parses and expands a plugin's schema and drops its positions. Empty text: an object without
/// keys. kPluginRefused with the reason if it is not a usable schema.
Result<JsonValue> read_plugin_schema(std::string_view text);

/// The schema of one source or sink: `plugin` with the host's properties in front. In a property of
/// both, what the plugin says wins, member by member, in nested properties too.
JsonValue with_host_properties(const JsonValue& host, const JsonValue& plugin);

/// Forgets where the values stood: they are about to become part of another text's tree.
void drop_positions(JsonValue& value);

/// Adds the members of `defaults` that `value` lacks; objects in both are merged likewise.
void merge_missing(JsonValue& value, const JsonValue& defaults);

}  // namespace millrace
