#pragma once

/// JSON values to columns, each value parsed once, only the wanted fields (semantics R46).
/// A value is a complete JSON object with 64 readable bytes behind it. What nobody wants is
/// skipped by structure: brackets, strings and UTF-8 are checked, unread tokens are not.
/// Duplicate keys: the last wins, as in jsonb.
/// Threads: a plan is shared and immutable; a decoder belongs to one lane.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columns/column.h"

namespace millrace {

/// How a JSON value becomes a cell.
enum class CellFormat : uint8_t {
  kTyped,        ///< By the declared type (E29): ints take 1.0 and 1e3, never quoted numbers.
  kText,         ///< JSON strings hold PostgreSQL's text input (CSV); null is NULL.
  kTimeSeconds,  ///< Event times: integers, fractions and digit strings in the unit.
  kTimeMillis,
  kTimeMicros,
  kTimeNanos,
  kTimeRfc3339,
};

/// One column to fill.
struct WantedField {
  std::vector<std::string> path;
  Type type = Type::kText;
  CellFormat format = CellFormat::kTyped;
};

/// Splits `meta.id` into its steps. A dot inside a key cannot be written.
std::vector<std::string> split_path(std::string_view dotted);

/// A value that is not a record, by its index in the call.
struct BrokenValue {
  uint32_t row;
  std::string reason;
};

class JsonDecoder {
 public:
  virtual ~JsonDecoder() = default;
  /// Fills `columns` (one per wanted field, in order) for all `values`. Rows listed in `broken`
  /// have NULL in every column.
  virtual void decode(std::span<const std::string_view> values, std::span<Column> columns,
                      std::vector<BrokenValue>& broken) = 0;
  /// Splits the JSON array `array` into the raw texts of its elements; false if it is none.
  virtual bool split_array(std::string_view array, std::vector<std::string_view>& elements) = 0;
  /// Every token of `value` is checked (`"validate": "full"`). The reason, or "".
  virtual std::string validate(std::string_view value) = 0;
  /// Values that decode() has read into cells so far: of fields that nobody wants, none.
  virtual uint64_t cells_read() const = 0;
};

std::unique_ptr<JsonDecoder> make_json_decoder(std::vector<WantedField> wanted);

}  // namespace millrace
