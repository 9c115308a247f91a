#pragma once

/// PostgreSQL's spelling of regular expressions and of SIMILAR TO's patterns in RE2's. Private to
/// this room; pure functions.

#include <string>
#include <string_view>

namespace millrace {

/// RE2's spelling of a pattern; false and a reason if there is none.
bool translate_pattern(std::string_view pattern, std::string& out, const char*& reason);
/// A lazy quantifier decides by order, not by length, how far a match goes.
bool is_lazy(std::string_view pattern);

}  // namespace millrace
