#pragma once

/// The reference page of expressions, made from the tables of functions, aggregates and departures.

#include <string>

namespace millrace {

/// Markdown.
std::string expression_reference();

}  // namespace millrace
