#pragma once

/// jsonb values as PostgreSQL compares and writes them: keys sorted and once each, numbers as
/// numeric, one blank behind `:` and `,`. Private to this room.

#include <string>
#include <string_view>

#include "functions/made_text.h"

namespace millrace {

/// Values nested deeper are not compared or rewritten.
inline constexpr int kJsonDepthMax = 512;

/// Writes the value as PostgreSQL writes jsonb. False: nested too deeply.
bool write_jsonb(std::string_view value, TextMaker& out, int depth = 0);
/// Writes the value of a cell of any type as to_jsonb makes it; NULL is null (json_build.cc).
void write_jsonb_cell(const Column& column, size_t row, TextMaker& out);
/// Writes a string with its quotes as PostgreSQL does.
void write_jsonb_string(std::string_view text, TextMaker& out);

enum class JsonAnswer : uint8_t { kNo, kYes, kTooDeep };
JsonAnswer json_equal(std::string_view a, std::string_view b, int depth = 0);
/// a @> b.
JsonAnswer json_contains(std::string_view a, std::string_view b, int depth = 0);

}  // namespace millrace
