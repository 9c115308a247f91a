#pragma once

/// Columns as the binary stream of COPY: exact for every type, and nothing is printed or parsed.
/// Pure.

#include <millrace/plugin.hpp>
#include <span>
#include <string>
#include <vector>

#include "table.h"

namespace millrace::postgres_sink {

/// Collects rows until they are sent. `fields` say which column of the rows goes where.
class CopyRows {
 public:
  /// `numbered`: each row begins with its number, an int8, for upserts in order.
  explicit CopyRows(bool numbered) : numbered_(numbered) {}

  void add(std::span<const column_view> columns, std::span<const Field> fields, uint32_t rows);
  bool empty() const { return rows_ == 0; }
  std::size_t bytes() const { return stream_.size(); }
  /// The whole stream, its header and trailer included; then empty.
  std::string take();
  void clear();

 private:
  bool numbered_;
  int64_t rows_ = 0;
  std::string stream_;
};

}  // namespace millrace::postgres_sink
