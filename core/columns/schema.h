#pragma once

/// Types and schemas. A schema is an ordered list of fields; a field's name is its dotted path
/// as expressions write it (`length.new`, `meta.id`). Hidden fields are the functions of the
/// record itself: a field named "event_time()" is what `event_time()` reads.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Value types, named as in PostgreSQL. Stored in state: append only, never renumber.
enum class Type : uint8_t {
  kBool = 1,
  kInt4 = 2,
  kInt8 = 3,
  kFloat8 = 4,
  kText = 5,
  kTimestamptz = 6,  ///< Microseconds since 1970 UTC.
  kJsonb = 7,        ///< Raw JSON text, as it came.
  kNumeric = 8,      ///< Exact decimal: its text as PostgreSQL writes it (columns/decimal.h).
  kDate = 9,         ///< Days since 1970.
  kTimestamp = 10,   ///< Microseconds since 1970 on some wall's clock.
  kInterval = 11,    ///< IntervalValue (columns/interval.h) as its 16 bytes.
};

/// Every scalar type has an array type, whose number is the element's with this bit. A cell of it
/// is described in columns/array.h.
inline constexpr uint8_t kArrayBit = 0x40;
constexpr bool is_array(Type type) { return (static_cast<uint8_t>(type) & kArrayBit) != 0; }
constexpr Type array_of(Type element) { return Type(static_cast<uint8_t>(element) | kArrayBit); }
constexpr Type element_of(Type array) { return Type(static_cast<uint8_t>(array) & ~kArrayBit); }

/// Which buffer of a column holds the values of a type. What only moves values needs no more.
enum class Storage : uint8_t { kBool, kInt, kFloat, kBytes };
constexpr Storage storage_of(Type type) {
  if (is_array(type)) return Storage::kBytes;
  switch (type) {
    case Type::kBool: return Storage::kBool;
    case Type::kInt4:
    case Type::kInt8:
    case Type::kTimestamptz:
    case Type::kDate:
    case Type::kTimestamp: return Storage::kInt;
    case Type::kFloat8: return Storage::kFloat;
    case Type::kText:
    case Type::kJsonb:
    case Type::kNumeric:
    case Type::kInterval: return Storage::kBytes;
  }
  return Storage::kInt;
}

std::string_view type_name(Type type);
/// PostgreSQL's names and common aliases (`bigint`, `boolean`, `double precision`, `json`), with
/// `[]` behind them for arrays.
std::optional<Type> type_from_name(std::string_view name);

struct Field {
  std::string name;
  Type type;
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}
  const std::vector<Field>& fields() const { return fields_; }
  uint32_t size() const { return static_cast<uint32_t>(fields_.size()); }
  const Field& operator[](uint32_t i) const { return fields_[i]; }
  std::optional<uint32_t> find(std::string_view name) const;
  /// Index of the new field.
  uint32_t add(std::string name, Type type);

 private:
  std::vector<Field> fields_;
};

}  // namespace millrace
