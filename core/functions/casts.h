#pragma once

/// The casts among the scalar functions, by their types.

#include "functions/function.h"

namespace millrace {

/// Null: there is no such cast. Of scalars; the binder casts arrays by their elements.
const Function* find_cast(Type from, Type to);
bool casts_implicitly(Type from, Type to);
/// The cast changes nothing in the cells, so it needs no kernel.
bool cast_is_free(Type from, Type to);

}  // namespace millrace
