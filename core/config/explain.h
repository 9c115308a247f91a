#pragma once

/// What is wrong with a value, in words for its author: what was expected, what was found, what was
/// probably meant. Secret values are never shown.

#include <string>
#include <vector>

#include "config/document.h"
#include "config/schema_check.h"
#include "config/schema_walk.h"

namespace millrace {

/// `"text"`, `5`, `true`, `null`, `a list`, `an object`; long texts are cut. `secret`: `a hidden
/// value`.
std::string shown_value(const JsonValue& value, bool secret);
/// `a duration such as "5s"`, `a string or a list`, `a whole number`. Empty: anything goes.
std::string expected_words(const Forms& forms);

/// Turns what valijson found in the value at `pointer` into faults. `walk` is the walk over the
/// same value.
void add_violations(const ConfigDocument& document, const std::string& pointer,
                    const std::vector<Violation>& violations, const SchemaWalk& walk,
                    Faults& faults);

}  // namespace millrace
