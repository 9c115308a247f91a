#pragma once

/// Texts to single values: JSON number tokens, PostgreSQL's text input, event times.
/// Pure functions; nullopt means that the text does not fit.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace millrace {

/// True iff `token` is a number by JSON's grammar.
bool is_json_number(std::string_view token);

/// `text` (JSON number grammar, sign allowed) times 10^scale as an integer. With `exact`, only
/// if nothing is lost; else rounded toward minus infinity. nullopt beyond int64.
std::optional<int64_t> decimal_to_int(std::string_view text, int scale, bool exact);

std::optional<double> text_to_float8(std::string_view text);
/// PostgreSQL's text input of the type, blanks around it allowed.
std::optional<int64_t> text_to_int8(std::string_view text);
std::optional<bool> text_to_bool(std::string_view text);
/// RFC 3339, or the same without offset or without time of day (UTC).
std::optional<EventTime> text_to_timestamptz(std::string_view text);

std::string_view trim_blanks(std::string_view text);

}  // namespace millrace
