#pragma once

/// CSV rows as JSON objects of text cells (MR_BATCH_TEXT_CELLS).

#include "csv_columns.h"
#include "record_reader.h"

namespace millrace::file_source {

/// Reads as far as the header of a file that is resumed behind it.
CsvColumns read_header(TextStream& text, const CsvSettings& csv);

class CsvReader final : public RecordReader {
 public:
  /// `columns` nullopt: the header will say.
  CsvReader(std::unique_ptr<TextStream> text, Place place, const ReaderPlan& plan,
            const CsvSettings& csv, std::optional<CsvColumns> columns)
      : RecordReader(std::move(text), place, plan),
        csv_(csv),
        columns_(std::move(columns)),
        wants_header_(csv.header && place.offset == 0) {}

  /// The start, until the header has passed: whoever resumes behind offset 0 does not look for it.
  Place place() const override { return wants_header_ ? Place{} : place_; }

 protected:
  Found find(std::string_view text, bool last) override;
  std::size_t record_room() const override;

 private:
  Found find_row(std::size_t bytes);
  Found find_broken(std::string_view text, bool last, CsvRow::What what);

  const CsvSettings& csv_;
  std::optional<CsvColumns> columns_;
  bool wants_header_;
  std::vector<CsvCell> cells_;
  std::string json_;
};

}  // namespace millrace::file_source
