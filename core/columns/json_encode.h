#pragma once

/// Columns to ndjson (contract §4): int8 as JSON integers, float8 as the shortest text that reads
/// back equal, numeric with all its digits, NaN and infinities as strings, timestamptz as RFC 3339
/// UTC, timestamp the same without Z, date and interval as PostgreSQL's text, jsonb as it came
/// without line ends, arrays as JSON arrays, NULL as null. No locale, no allocation per row.

#include <string>
#include <string_view>
#include <vector>

#include "columns/column.h"

namespace millrace {

/// Output bytes: grows, is never zero-filled, is reused from batch to batch.
class ByteBuffer {
 public:
  /// At least `more` writable bytes at end().
  char* room(size_t more) {
    if (size_ + more > bytes_.size()) grow(more);
    return bytes_.data() + size_;
  }
  void advance_to(const char* end) { size_ = static_cast<size_t>(end - bytes_.data()); }
  void append(std::string_view text);
  void append(char c) {
    *room(1) = c;
    ++size_;
  }
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  const char* data() const { return bytes_.data(); }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void grow(size_t more);
  Buffer<char> bytes_;
  size_t size_ = 0;
};

bool is_utf8(std::string_view text);
/// RFC 4648 with padding.
void write_base64(std::string_view bytes, ByteBuffer& out);
/// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void write_json_string(std::string_view text, ByteBuffer& out);
void write_int(int64_t value, ByteBuffer& out);
void write_float8(double value, ByteBuffer& out);
/// jsonb text, line ends between its tokens left out.
void write_raw_json(std::string_view text, ByteBuffer& out);
/// A cell of an array type (columns/array.h) as a JSON array.
void write_json_array(std::string_view array, Type element, ByteBuffer& out);
/// One cell as a JSON value.
void write_json_cell(const Column& column, size_t row, ByteBuffer& out);

/// Writes rows of a fixed list of names as JSON objects without a line end.
class JsonRowEncoder {
 public:
  /// Members whose names are in `omitted_when_null` are left out where they are NULL.
  explicit JsonRowEncoder(const std::vector<std::string>& names,
                          const std::vector<std::string>& omitted_when_null = {});
  void write(const Column* const* columns, size_t row, ByteBuffer& out) const;

 private:
  std::vector<std::string> heads_;  ///< `"a":`, `"b":` …
  std::vector<bool> omits_null_;
};

/// Writes rows as CSV (RFC 4180) without a line end: NULL is nothing, an empty text is "", an array
/// has PostgreSQL's text form.
class CsvRowEncoder {
 public:
  static std::string header(const std::vector<std::string>& names);
  static void write(const Column* const* columns, size_t count, size_t row, ByteBuffer& out);
};

}  // namespace millrace
