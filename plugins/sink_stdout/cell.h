#pragma once

/// Values as they are shown in a table: one line, without control characters (what comes from
/// outside must not command the terminal), and with a known width on the screen.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::stdout_sink {

struct Cell {
  std::string text{};
  bool is_number = false;
  bool is_null = false;
};

/// Columns on the screen that the text takes.
std::size_t display_width(std::string_view text);
/// Control characters become the pictures that Unicode has for them, bytes that are not UTF-8
/// U+FFFD.
std::string printable(std::string_view text);
/// At most `width` columns wide; what does not fit is replaced by "…".
std::string shortened(std::string text, std::size_t width);

}  // namespace millrace::stdout_sink
