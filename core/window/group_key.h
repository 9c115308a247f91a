#pragma once

/// The bytes that stand for a group in state: equal bytes, equal group (NULL is a group of its
/// own). Each value is a tag and, unless NULL, its bytes; fixed-size values are little-endian.
/// The bytes are stored, so a change here is a change of the block format.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "columns/column.h"

namespace millrace {

/// Appends the key of `row` to `out`.
void write_group_key(std::span<const Column* const> columns, size_t row, std::string& out);

/// Appends one row to `columns` (of the group's types) from a key's bytes. False if the bytes are
/// not a key of these types. Texts point into `key`.
bool read_group_key(std::string_view key, std::span<Column> columns);

/// Group order (R49) of two rows: columns left to right, numbers by value, text by UTF-8 bytes,
/// false before true, NULL last. <0, 0, >0.
int compare_groups(std::span<const Column> columns, size_t a, size_t b);

}  // namespace millrace
