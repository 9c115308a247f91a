#pragma once

/// Rows as aligned columns. A terminal cannot be drawn on twice, so rows are kept until the block
/// is printed, its widths are those of the block, and the header comes again only where the columns
/// or their widths changed.

#include "row_cells.h"

namespace millrace::stdout_sink {

class Table {
 public:
  static constexpr std::size_t kRowsMax = 200;
  static constexpr std::size_t kCellWidthMax = 40;

  /// Text to print at once, or "": the block that the row did not fit into.
  std::string add(NamedCells row);
  /// The rows so far.
  std::string print();

 private:
  struct Column {
    std::string name;
    std::size_t width = 0;
    bool is_text = false;    ///< Some value is not a number.
    bool is_number = false;  ///< Some value is.
    bool right() const { return is_number && !is_text; }
  };
  std::size_t column_named(const std::string& name);
  bool shares_a_column(const NamedCells& row) const;
  void print_header(std::string& to) const;
  template <class TextOf>
  void print_line(std::string& to, TextOf&& text_of) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  bool header_due_ = true;
};

}  // namespace millrace::stdout_sink
