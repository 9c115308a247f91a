#pragma once

/// Rows that an expression could not compute. A failed row leaves the selection at once, so it
/// has one error, the first that evaluation met; the operator sends it to `.errors`.
/// Threads: none; one per lane.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columns/column.h"

namespace millrace {

class Program;

/// PostgreSQL's SQLSTATE codes, as far as we raise them.
namespace sqlstate {
inline constexpr std::string_view kNumericValueOutOfRange = "22003";
inline constexpr std::string_view kDatetimeOverflow = "22008";
inline constexpr std::string_view kInvalidDatetime = "22007";
inline constexpr std::string_view kDivisionByZero = "22012";
inline constexpr std::string_view kInvalidParameter = "22023";
inline constexpr std::string_view kInvalidEscape = "22025";
inline constexpr std::string_view kInvalidArgumentForPower = "2201F";
inline constexpr std::string_view kInvalidArgumentForLog = "2201E";
inline constexpr std::string_view kTooComplex = "54001";
inline constexpr std::string_view kProgramLimit = "54000";
inline constexpr std::string_view kInvalidRegex = "2201B";
inline constexpr std::string_view kNegativeSubstring = "22011";
inline constexpr std::string_view kNotInRepertoire = "22021";
inline constexpr std::string_view kIntervalOverflow = "22015";
inline constexpr std::string_view kZoneDisplacement = "22009";
inline constexpr std::string_view kInvalidText = "22P02";
inline constexpr std::string_view kNullNotAllowed = "22004";
inline constexpr std::string_view kArrayElement = "2202E";
inline constexpr std::string_view kFeatureNotSupported = "0A000";
inline constexpr std::string_view kSyntax = "42601";
/// Ours: the JSON value does not fit the declared type of the field (semantics R46).
inline constexpr std::string_view kMismatch = "MR001";
}  // namespace sqlstate

struct RowError {
  uint32_t row;
  std::string_view sqlstate;  ///< One of the constants above.
  const Program* program;     ///< Whose text `place` is in; null for aggregates.
  uint32_t place;             ///< Byte offset in that text.
  std::string text;           ///< As PostgreSQL words it.
};

class RowErrors {
 public:
  /// Forgets everything; rows 0..rows-1 may fail from now on. No allocation while nothing fails.
  void start(uint32_t rows);
  /// The first error of a row stays; later ones are ignored.
  void add(uint32_t row, std::string_view sqlstate, const Program* program, uint32_t place,
           std::string text);
  bool empty() const { return errors_.empty(); }
  size_t size() const { return errors_.size(); }
  bool failed(uint32_t row) const { return row < failed_.size() && failed_[row]; }
  /// In the order they were found, not by row.
  const std::vector<RowError>& list() const { return errors_; }
  /// `from` without the failed rows; `from` itself if there are none, else its rows live in
  /// `room`, which may be the buffer that `from` points into.
  Selection drop_failed(Selection from, Buffer<uint32_t>& room) const;

 private:
  uint32_t rows_ = 0;
  std::vector<RowError> errors_;
  std::vector<uint8_t> failed_;  ///< Empty until the first error.
};

}  // namespace millrace
