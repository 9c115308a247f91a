// A row of CSV means the same however much of the file is behind it: what the parser says of the
// front of a text with more to come must be what it says when it sees everything, or that it needs
// more.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "source_file/csv_row.h"

namespace {

using namespace millrace::file_source;
using What = CsvRow::What;

std::string shown(const CsvRow& row, const std::vector<CsvCell>& cells, char quote) {
  std::string out = std::to_string(static_cast<int>(row.what)) + ":" + std::to_string(row.bytes);
  if (row.what != What::kRow) return out;
  for (const CsvCell& cell : cells) out.append("\x01").append(text_of(cell, quote));
  return out;
}

/// The first row and where the next begins.
size_t check_row(std::string_view text, const CsvSettings& csv) {
  std::vector<CsvCell> cells;
  const CsvRow whole = parse_row(text, csv, true, cells);
  if (whole.bytes > text.size()) std::abort();
  for (const CsvCell& cell : cells) {
    if (cell.text.data() < text.data() ||
        cell.text.data() + cell.text.size() > text.data() + text.size())
      std::abort();
  }
  const std::string seen = shown(whole, cells, csv.quote);
  for (size_t length = 0; length < text.size(); ++length) {
    const CsvRow front = parse_row(text.substr(0, length), csv, false, cells);
    if (front.what != What::kNeedsMore && shown(front, cells, csv.quote) != seen) std::abort();
  }
  return whole.bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 512) return 0;
  CsvSettings csv;
  csv.quotes = data[0] & 1;
  csv.delimiter = data[0] & 2 ? ';' : ',';
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!text.empty()) {
    const size_t bytes = check_row(text, csv);
    if (bytes == 0) break;  // Broken, told by the parser.
    text.remove_prefix(bytes);
  }
  return 0;
}
