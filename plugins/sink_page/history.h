#pragma once

/// Rows as text, a line each, of which only the last are kept. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::page_sink {

/// The last lines of both, at most `rows_max` and about a megabyte; the newest is kept whatever its
/// length. Every line ends with a line end.
std::string last_lines(std::string_view before, std::string_view then, uint64_t rows_max);

/// Calls `take` with pieces of `lines` of at most about `bytes`, cut between lines, without the
/// last line end.
template <class Take>
void in_pieces(std::string_view lines, size_t bytes, Take&& take) {
  while (!lines.empty()) {
    size_t end = lines.size() <= bytes ? lines.npos : lines.rfind('\n', bytes);
    if (end == lines.npos) end = lines.size() <= bytes ? lines.size() - 1 : lines.find('\n', bytes);
    take(lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
}

}  // namespace millrace::page_sink
