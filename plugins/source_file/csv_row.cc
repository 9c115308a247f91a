#include "csv_row.h"

namespace millrace::file_source {
namespace {

using What = CsvRow::What;

class RowParser {
 public:
  RowParser(std::string_view text, const CsvSettings& csv, bool last, std::vector<CsvCell>& cells)
      : text_(text), csv_(csv), last_(last), cells_(cells) {}

  CsvRow parse() {
    cells_.clear();
    if (text_.empty()) return {};
    if (const std::size_t end = line_end(0)) return {What::kEmpty, end};
    for (;;) {
      const bool quoted = csv_.quotes && at_ < text_.size() && text_[at_] == csv_.quote;
      const What cell = quoted ? quoted_cell() : plain_cell();
      if (cell != What::kRow) return {cell, 0};
      if (at_ == text_.size()) return {last_ ? What::kRow : What::kNeedsMore, at_};
      if (text_[at_] == csv_.delimiter) {
        ++at_;
        continue;
      }
      if (const std::size_t end = line_end(at_)) return {What::kRow, end};
      if (text_[at_] == '\r' && at_ + 1 == text_.size() && !last_) return {};
      return {What::kBehindQuote, 0};
    }
  }

 private:
  /// Behind the line end that stands at `at`; 0 = there is none.
  std::size_t line_end(std::size_t at) const {
    if (text_[at] == '\n') return at + 1;
    if (text_[at] != '\r') return 0;
    if (at + 1 < text_.size()) return text_[at + 1] == '\n' ? at + 2 : 0;
    return last_ ? at + 1 : 0;
  }

  What quoted_cell() {
    const std::size_t from = at_ + 1;
    bool doubled = false;
    std::size_t close = from;
    for (;;) {
      close = text_.find(csv_.quote, close);
      if (close == text_.npos) return last_ ? What::kOpenQuote : What::kNeedsMore;
      if (close + 1 == text_.size() && !last_) return What::kNeedsMore;  // Doubled, perhaps.
      if (close + 1 == text_.size() || text_[close + 1] != csv_.quote) break;
      doubled = true;
      close += 2;
    }
    cells_.push_back({text_.substr(from, close - from), true, doubled});
    at_ = close + 1;
    return What::kRow;
  }

  What plain_cell() {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != csv_.delimiter && text_[end] != '\n') ++end;
    if (end == text_.size() && !last_) return What::kNeedsMore;
    // The line end begins with the CR, if there is one.
    const bool ends_line = end == text_.size() || text_[end] == '\n';
    if (ends_line && end > at_ && text_[end - 1] == '\r') --end;
    cells_.push_back({text_.substr(at_, end - at_), false, false});
    at_ = end;
    return What::kRow;
  }

  std::string_view text_;
  const CsvSettings& csv_;
  bool last_;
  std::vector<CsvCell>& cells_;
  std::size_t at_ = 0;
};

}  // namespace

CsvRow parse_row(std::string_view text, const CsvSettings& csv, bool last,
                 std::vector<CsvCell>& cells) {
  return RowParser(text, csv, last, cells).parse();
}

std::string text_of(const CsvCell& cell, char quote) {
  std::string text(cell.text);
  if (!cell.doubled) return text;
  for (std::size_t at = text.find(quote); at < text.size(); at = text.find(quote, at + 1)) {
    text.erase(at, 1);
  }
  return text;
}

}  // namespace millrace::file_source
