#include "csv_reader.h"

namespace millrace::file_source {
namespace {

using RowWhat = CsvRow::What;

constexpr std::size_t kHeaderBytesMax = 1 << 20;

[[noreturn]] void refuse_header(const std::string& path) {
  throw config_error(path + ": its header cannot be read; are delimiter and quote right?");
}

}  // namespace

CsvColumns read_header(TextStream& text, const CsvSettings& csv) {
  constexpr std::size_t kStep = 64 << 10;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  PendingText pending;
  std::vector<CsvCell> cells;
  bool last = false;
  bool at_start = true;
  while (pending.size() < kHeaderBytesMax) {
    const CsvRow row = parse_row(pending.view(), csv, last, cells);
    if (row.what == RowWhat::kRow) return CsvColumns(csv, cells, text.file().path());
    if (row.what == RowWhat::kEmpty) {
      pending.consume(row.bytes);
      continue;
    }
    if (row.what != RowWhat::kNeedsMore || last) break;
    last = pending.grow(kStep, [&](char* to, std::size_t max) { return text.read(to, max); }) == 0;
    if (std::exchange(at_start, false) && pending.view().starts_with(kByteOrderMark)) {
      pending.consume(kByteOrderMark.size());
    }
  }
  refuse_header(text.file().path());
}

RecordReader::Found CsvReader::find(std::string_view text, bool last) {
  // A row that is too long is not looked at further, however much of it was read.
  const bool too_much = text.size() > record_room();
  const CsvRow row = parse_row(text.substr(0, record_room()), csv_, last && !too_much, cells_);
  switch (row.what) {
    case RowWhat::kRow: return find_row(row.bytes);
    case RowWhat::kEmpty: return {What::kNothing, row.bytes, {}, {}};
    case RowWhat::kNeedsMore:
      if (wants_header_ && is_hopeless()) refuse_header(text_->file().path());
      // Somewhere in a long text a quote was opened: one line of it is given up.
      if (is_hopeless() && text.find('\n') != text.npos) {
        return find_broken(text, last, RowWhat::kOpenQuote);
      }
      return {};
    default: return find_broken(text, last, row.what);
  }
}

/// A header may be longer than a record.
std::size_t CsvReader::record_room() const {
  return wants_header_ ? kHeaderBytesMax : RecordReader::record_room();
}

RecordReader::Found CsvReader::find_row(std::size_t bytes) {
  if (std::exchange(wants_header_, false)) {
    // Where names are configured, those of the file do not matter.
    if (!columns_) columns_.emplace(csv_, cells_, text_->file().path());
    return {What::kNothing, bytes, {}, {}};
  }
  std::string why;
  if (!columns_->write(cells_, json_, why)) return {What::kBroken, bytes, {}, why};
  return {What::kRecord, bytes, json_, {}};
}

/// A quote that is wrong may have swallowed rows that are right, so only the line with its
/// beginning is given up, and reading goes on in the next one.
RecordReader::Found CsvReader::find_broken(std::string_view text, bool last, RowWhat what) {
  if (wants_header_) refuse_header(text_->file().path());
  const std::size_t end = text.find('\n');
  if (end == text.npos && !last) return {};
  const char* why = what == RowWhat::kOpenQuote ? "a quote is opened and never closed"
                                                : "text follows a closing quote";
  return {What::kBroken, end == text.npos ? text.size() : end + 1, {}, why};
}

}  // namespace millrace::file_source
