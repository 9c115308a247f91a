#pragma once

/// One scalar JSON value into one cell, by the column's type and the wanted format.

#include "columns/json_decode.h"
#include "columns/json_tokens.h"

namespace millrace {

enum class Parsed { kOk, kNull, kMismatch, kBroken };

/// Bytes that an unescaped string may need beyond its own: simdjson writes whole vectors.
inline constexpr size_t kUnescapeRoom = 64;

/// Every token of `text` is good JSON. Copies it; for what the token walk has not checked.
bool is_json(std::string_view text);

/// PostgreSQL's text input of the column's type; false: it does not fit.
bool cell_from_text(std::string_view text, Column& column, size_t row);

/// `raw`: the text of token `i`, a scalar or an array (then whole). Writes row `row` when kOk.
Parsed read_cell(const JsonTokens& tokens, uint32_t i, std::string_view raw, CellFormat format,
                 Column& column, size_t row);

}  // namespace millrace
