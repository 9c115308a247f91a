#pragma once

/// 128-bit integers of gcc and clang, under names that -Wpedantic accepts. Sums of int8 are
/// accumulated in them and judged once (semantics R47).

namespace millrace {
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;
}  // namespace millrace
