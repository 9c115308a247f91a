#pragma once

/// Pure.

#include <string>
#include <string_view>

namespace millrace::darksky {

/// Pirate Weather writes -999 (or -999.0) in any numeric field for "not known" (DS6). As JSON null,
/// so that no average takes it for a temperature. Nothing else changes, not even blanks.
std::string missing_as_null(std::string_view json);

}  // namespace millrace::darksky
