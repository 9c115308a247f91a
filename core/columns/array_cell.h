#pragma once

/// One array of a record into one cell: a JSON array, or PostgreSQL's text form of one (CSV).
/// Private to this room.

#include "columns/json_cell.h"

namespace millrace {

/// `raw`: the whole JSON array that begins at token `i`. An element that does not fit the type is a
/// mismatch of the whole; NULL where it is null.
Parsed read_json_array(const JsonTokens& tokens, uint32_t i, std::string_view raw, Column& column,
                       size_t row);
/// False: the text, or one of its elements, does not fit.
bool array_cell_from_text(std::string_view text, Column& column, size_t row);

}  // namespace millrace
