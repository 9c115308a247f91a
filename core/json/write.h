#pragma once

/// Writing JSON text. Numbers are the shortest text that reads back as the same value; a double
/// keeps its point (`1.0`); NaN and infinities, which JSON lacks, become null.

#include <string>
#include <string_view>

#include "json/value.h"

namespace millrace {

/// One line, no blanks.
std::string to_json(const JsonValue& value);
/// Two blanks per level, no newline at the end.
std::string to_pretty_json(const JsonValue& value);
void append_json(std::string& out, const JsonValue& value);
/// `text` in quotes, escaped as little as RFC 8259 allows.
void append_json_string(std::string& out, std::string_view text);

}  // namespace millrace
