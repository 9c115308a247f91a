#pragma once

/// Durations and sizes as users write them: `250ms`, `5s`, `1h30m`, `7d`; `64KiB`, `10MB`.
/// A unit is always demanded (except for 0), since "60" means seconds to one reader and
/// milliseconds to the next.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Microseconds. Units `us ms s m h d`, largest first when several (`14m30s`); whole numbers only.
/// A leading `-` is accepted. Nullopt: not a duration, or beyond int64.
std::optional<int64_t> parse_duration(std::string_view text);
/// The shortest text that parse_duration reads back: `1h30m`, `0s`, `-8h`.
std::string format_duration(int64_t us);

/// Bytes. `B`, `KB MB GB TB` (powers of 1000), `KiB MiB GiB TiB` (powers of 1024). Nullopt: not a
/// size, negative, or beyond int64.
std::optional<int64_t> parse_size(std::string_view text);

}  // namespace millrace
