#pragma once

/// Pure.

#include <cstdint>
#include <string_view>

namespace millrace::text {

/// 64 bits of any text, never 0, the same in every version: it is kept in commits.
uint64_t stable_hash(std::string_view text);

}  // namespace millrace::text
