#pragma once

/// One row of a CSV file (RFC 4180) at a time: quotes doubled inside of quotes, line ends inside of
/// quotes, LF and CRLF. A quote inside of an unquoted cell is an ordinary character, as files in
/// the wild have it (`12" ruler`).

#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace millrace::file_source {

struct CsvCell {
  std::string_view text;  ///< Without the outer quotes.
  bool quoted = false;
  bool doubled = false;  ///< Has doubled quotes.

  bool is_nothing() const { return text.empty() && !quoted; }
};

struct CsvRow {
  enum class What {
    kNeedsMore,
    kRow,
    kEmpty,       ///< A line without anything.
    kOpenQuote,   ///< The text ended inside of quotes.
    kBehindQuote  ///< Something else than a delimiter or a line end follows a closing quote.
  } what = What::kNeedsMore;
  std::size_t bytes = 0;  ///< Of kRow and kEmpty, with the line end.
};

/// The row at the front of `text`; `last`: nothing follows. `cells` are views into `text`.
CsvRow parse_row(std::string_view text, const CsvSettings& csv, bool last,
                 std::vector<CsvCell>& cells);

/// The text that a cell stands for.
std::string text_of(const CsvCell& cell, char quote);

}  // namespace millrace::file_source
