#pragma once

/// Which cell of a row becomes which member of a record. Known before the file is read (a list of
/// names) or learnt from its header.

#include "csv_row.h"

namespace millrace::file_source {

class CsvColumns {
 public:
  /// The columns in the order of the file, as configured.
  explicit CsvColumns(const CsvSettings& csv);
  /// From a header. Throws config_error, beginning with `path`, if it names nothing that the
  /// configuration asks for or one name twice.
  CsvColumns(const CsvSettings& csv, const std::vector<CsvCell>& header, const std::string& path);

  /// The row as a JSON object of text cells. False: it has too few or too many cells, `why` says
  /// how many.
  bool write(const std::vector<CsvCell>& cells, std::string& json, std::string& why) const;

 private:
  struct Member {
    std::string prefix;   ///< `{"name":` or `,"name":`
    std::ptrdiff_t cell;  ///< -1: this file does not have it.
  };
  void add(const std::string& name, std::ptrdiff_t cell);
  void take_header(const std::vector<std::string>& names, const std::string& path);
  void take_renamed(const std::vector<std::string>& names, const std::string& path);
  void write_cell(const CsvCell& cell, std::string& json) const;
  bool is_null(const CsvCell& cell) const;

  const CsvSettings& csv_;
  std::vector<Member> members_;
  std::size_t cells_ = 0;  ///< That a row must have.
};

}  // namespace millrace::file_source
