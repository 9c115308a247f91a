#pragma once

/// PostgreSQL's text form of arrays: `{1,NULL,"a b"}`.
/// Pure functions; threads: any.

#include <string>
#include <string_view>

#include "columns/column.h"

namespace millrace {

class ByteBuffer;

enum class ArrayFault : uint8_t {
  kNone,
  kSyntax,
  kDimensions,  ///< Nested, or with bounds of its own: only PostgreSQL has such arrays.
};
/// Appends the elements' texts, NULLs too, to the rows of `out`, which is of type text.
ArrayFault parse_array_text(std::string_view text, Column& out);

/// An element's text, in quotes where it needs them.
void write_array_element(std::string_view text, ByteBuffer& out);
/// A whole cell of an array type; the elements as CSV writes them.
void write_array_text(const Column& column, size_t row, ByteBuffer& out);

}  // namespace millrace
