#pragma once

/// Rows of `.errors`: {operator, reason, place, partition, position, event_time, value}, or
/// value_base64 where the bytes are not UTF-8 (contract, side outputs); kWhose and kWhy are hidden.

#include <string_view>

#include "columns/json_encode.h"
#include "nodes/node.h"

namespace millrace {

/// The bytes a failed row is shown with, and where they came from.
struct FailedRow {
  uint32_t record = 0;
  std::string_view reason, place;
  uint32_t partition = 0;
  uint64_t position = 0;
  EventTime time = kTimeNone;
  std::string_view bytes;
  bool is_json = false;  ///< Shown as JSON; else as a JSON string.
};

class ErrorRows {
 public:
  static Shape shape();

  /// Empties `rows`. Texts of later failures are copied, bytes are not: they live with the chunk.
  void start(Rows& rows, std::string_view operator_name);
  /// Failures must come by rising record.
  void add(const FailedRow& failed);
  /// Makes the rows readable; call once after the last add.
  void finish();
  /// All three steps, for failures in any order; those of one record keep theirs.
  void write(std::vector<FailedRow> failed, Rows& rows, std::string_view operator_name);

 private:
  Rows* rows_ = nullptr;
  std::string_view operator_;
  ByteBuffer scratch_;
};

/// Writes row `row` as the JSON object of its visible fields, for rows that are no records.
void write_row_json(const Rows& rows, const Shape& shape, uint32_t row, ByteBuffer& out);

/// Fills bytes, partition and position of a failed row: the record itself where there is one, else
/// the row as JSON, kept in `store`.
void describe_row(const Rows& rows, const Shape& shape, uint32_t row, ByteArena& store,
                  FailedRow& failed);

}  // namespace millrace
