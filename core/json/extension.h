#pragma once

#include <millrace/ext/json.h>

namespace millrace {

/// The host's side of `millrace.json/1`: plugins read their configuration through it. A node is a
/// JsonValue; a root is owned by the caller until its `free`. Lives for ever. Threads: any.
const mr_json_v1* json_extension();

}  // namespace millrace
