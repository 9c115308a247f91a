#pragma once

/// Times as services write and read them. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::text {

/// Milliseconds since 1970 of `2026-01-31T00:00:00Z`, with a fraction or an offset if wanted, or of
/// a bare date, which is midnight UTC. Nullopt: none of these.
std::optional<int64_t> parse_time_ms(std::string_view text);

/// `2026-01-31T00:00:00.123Z`. Always `Z`: a `+` in a query would arrive as a blank (WK9).
std::string time_text(int64_t ms);

}  // namespace millrace::text
