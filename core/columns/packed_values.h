#pragma once

/// Lists of values in one text: what aggregates that keep their values hold and emit, and the
/// elements of arrays. Each value is its bytes; those of varying size have a size in front.
/// Pure functions; threads: any.

#include <string>
#include <string_view>

#include "columns/column.h"

namespace millrace {

/// Appends the value of a valid cell. `canonical`: equal values get equal bytes (1.50 as 1.5).
void pack_value(const Column& column, size_t row, bool canonical, std::string& out);

/// Cuts the first value off `packed` and appends it to `out`, whose texts then point into it.
/// False: the bytes end too early.
bool unpack_value(std::string_view& packed, Column& out);
/// All values, behind out's rows.
bool unpack_values(std::string_view packed, Column& out);

/// <0, 0, >0 as PostgreSQL orders the type: NaN last, numeric by value, text by bytes, arrays
/// element by element.
int compare_values(const Column& column, size_t a, size_t b);
/// The same for values of two columns of one storage.
int compare_values(const Column& a_column, size_t a, const Column& b_column, size_t b);

}  // namespace millrace
