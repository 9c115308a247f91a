#pragma once

/// Sort keys as bytes: comparing the keys byte by byte orders the values as PostgreSQL's ORDER BY
/// does, so several columns of any types and directions sort as one text. No key is the beginning
/// of another one.
/// Pure functions; threads: any.

#include <cstdint>
#include <string>

#include "columns/column.h"

namespace millrace {

struct OrderDirection {
  bool descending = false;
  bool nulls_first = false;
};

/// False: jsonb and arrays of it, which have no order here.
bool has_order(Type type);

/// Appends the key of a cell, NULL or not, of a type that has an order. Equal values (1.5 and 1.50,
/// 0 and -0, 1 mon and 30 days) have equal keys.
void append_order_key(const Column& column, size_t row, OrderDirection direction, std::string& out);

}  // namespace millrace
