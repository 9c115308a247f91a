#pragma once

/// Numbers as PostgreSQL reads and writes them.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

/// Enough for any number and instant that the format functions write.
inline constexpr size_t kNumberTextMax = 40;

/// Writes at `out` (kNumberTextMax bytes) and returns the length.
size_t format_int(int64_t value, char* out);
/// The shortest digits that read back equal; `1e+15` from there on, `NaN`, `Infinity`.
size_t format_float8(double value, char* out);

enum class NumberFault : uint8_t { kNone, kSyntax, kRange };
/// Blanks around are allowed, as in PostgreSQL.
NumberFault parse_int(std::string_view text, int64_t min, int64_t max, int64_t& value);
NumberFault parse_float8(std::string_view text, double& value);

}  // namespace millrace
