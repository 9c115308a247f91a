#pragma once

/// Arrays: of one dimension, indices from 1. A cell is a count (uint32), then per element a byte
/// that says whether it is NULL and, if not, its packed value (packed_values.h). Elements are read
/// from the front: arrays in records are short, and most of their users look at every element.
/// int4[] and int8[] have the same bytes, as their elements have the same cells.
/// Pure functions; threads: any.

#include <cstdint>
#include <string>
#include <string_view>

#include "columns/column.h"

namespace millrace {

/// Begins an array of `count` elements, which append_element then adds.
void start_array(uint32_t count, std::string& out);
/// The cell of a row, NULL or not. `canonical`: equal values get equal bytes (1.50 as 1.5).
void append_element(const Column& column, size_t row, bool canonical, std::string& out);
/// All rows of a column as one array.
void pack_array(const Column& elements, std::string& out);

/// Elements, NULLs counted.
uint32_t array_size(std::string_view array);
/// Appends the elements to the rows of `out`, which has their type; texts point into `array`.
/// False: the bytes end too early.
bool unpack_array(std::string_view array, Column& out);

/// The one array that stands for all equal ones.
std::string canonical_array(std::string_view array, Type element);
/// <0, 0, >0 as PostgreSQL orders arrays: element by element, NULL last, then the shorter first.
int compare_arrays(std::string_view a, std::string_view b, Type element);

}  // namespace millrace
