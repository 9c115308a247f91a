#pragma once

/// What a case wrote against what it expects. Pure; texts are for people, empty means equal.

#include <string>
#include <string_view>

#include "json/value.h"

namespace millrace {

/// Byte for byte; otherwise the first line that differs, with its number, as expected and as
/// written.
std::string compare_bytes(std::string_view expected, std::string_view written);

/// Row by row, only the members that `expected` names (recursively in objects).
std::string compare_members(std::string_view expected, std::string_view written);

/// The members of `wanted` that `have` lacks or has otherwise: `sources.edits.records is 3,
/// expected 4`.
std::string missing_members(const JsonValue& wanted, const JsonValue& have,
                            const std::string& place = {});

}  // namespace millrace
