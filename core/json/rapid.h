#pragma once

/// RapidJSON's own tree, for valijson's adapter. Only core/config may include this header.

#include <rapidjson/document.h>

#include "json/value.h"

namespace millrace {

/// A deep copy; owns all its strings. Integers beyond 64 bits become doubles.
rapidjson::Document to_rapidjson(const JsonValue& value);

}  // namespace millrace
