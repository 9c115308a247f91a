#pragma once

/// The name that somebody probably meant: for hints in error texts only.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `candidates`; case, `_` and `-` do not count (`outOfOrderness`). Nullopt: none is
/// near enough to be worth a question. The first wins among equals.
std::optional<std::string> nearest_name(std::string_view wrong,
                                        const std::vector<std::string>& candidates);

}  // namespace millrace
