#include "table.h"

#include <algorithm>

namespace millrace::stdout_sink {
namespace {

constexpr std::string_view kGap = "  ";

}  // namespace

std::string Table::add(NamedCells row) {
  std::string ready;
  if (!columns_.empty() && !shares_a_column(row)) {
    ready = print();
    columns_.clear();  // Rows of another kind: their own table.
    header_due_ = true;
  }
  std::vector<Cell> cells;
  for (auto& [name, cell] : row) {
    const std::size_t at = column_named(name);
    Column& column = columns_[at];
    cell.text = shortened(std::move(cell.text), kCellWidthMax);
    const std::size_t width = display_width(cell.text);
    header_due_ = header_due_ || width > column.width;
    column.width = std::max(column.width, width);
    column.is_number = column.is_number || cell.is_number;
    // A column of numbers that meets a text is aligned anew, which its header must show.
    if (!cell.is_number && !cell.is_null && !std::exchange(column.is_text, true)) {
      header_due_ = true;
    }
    if (cells.size() <= at) cells.resize(at + 1);
    cells[at] = std::move(cell);
  }
  rows_.push_back(std::move(cells));
  if (rows_.size() >= kRowsMax) ready += print();
  return ready;
}

bool Table::shares_a_column(const NamedCells& row) const {
  return std::any_of(row.begin(), row.end(), [this](const auto& cell) {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const Column& column) { return column.name == cell.first; });
  });
}

std::size_t Table::column_named(const std::string& name) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  header_due_ = true;
  columns_.push_back({.name = name, .width = display_width(shortened(name, kCellWidthMax))});
  return columns_.size() - 1;
}

std::string Table::print() {
  std::string text;
  if (rows_.empty()) return text;
  if (std::exchange(header_due_, false)) print_header(text);
  static const std::string kNothing;
  for (const auto& row : rows_) {
    print_line(text, [&](std::size_t i) -> const std::string& {
      return i < row.size() ? row[i].text : kNothing;
    });
  }
  rows_.clear();
  return text;
}

void Table::print_header(std::string& to) const {
  print_line(to, [this](std::size_t i) { return shortened(columns_[i].name, kCellWidthMax); });
  print_line(to, [this](std::size_t i) { return std::string(columns_[i].width, '-'); });
}

template <class TextOf>
void Table::print_line(std::string& to, TextOf&& text_of) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string& text = text_of(i);
    const std::string blanks(columns_[i].width - display_width(text), ' ');
    if (i > 0) to += kGap;
    to += columns_[i].right() ? blanks + text : text + blanks;
  }
  to.erase(to.find_last_not_of(' ') + 1);
  to += '\n';
}

}  // namespace millrace::stdout_sink
