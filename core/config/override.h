#pragma once

#include <string>
#include <vector>

#include "config/document.h"

namespace millrace {

/// Applies each `a.b=c` of `--set` in turn. The value is JSON if it reads as such, else a string;
/// objects on the way are created; a number in the path picks an array's element. A path that
/// begins with `/` is an RFC 6901 pointer (for keys with dots in them).
void apply_overrides(const std::vector<std::string>& overrides, ConfigDocument& document,
                     Faults& faults);

}  // namespace millrace
