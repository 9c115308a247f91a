#pragma once

/// Every function that an expression can call: the scalar ones, and those that work on what the
/// states of aggregates emit.

#include <span>

#include "functions/function.h"

namespace millrace {

/// Family by family, for lookup and for the reference page.
std::span<const Function* const> functions();

}  // namespace millrace
