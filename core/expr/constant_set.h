#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "columns/column.h"

namespace millrace {

/// The items of an IN list, all constant and of one type. Few items are compared one by one,
/// many are looked up. Immutable after seal(); threads: any.
class ConstantSet {
 public:
  explicit ConstantSet(Type type) : type_(type) {}
  /// Adds the value of a constant column of the set's type.
  void add(const Column& constant);
  void seal();

  bool has_null() const { return has_null_; }
  /// out[row] = whether the value is among the items; the rows must be valid.
  void contains(const Column& values, Selection rows, uint8_t* out) const;

  /// The rows whose value is among the items (or is not, by `wanted`): written to `out` and
  /// counted. Nothing: these items are not looked for so.
  std::optional<uint32_t> select(const Column& values, Selection rows, bool wanted,
                                 uint32_t* out) const;

 private:
  void contains_int(const int64_t* values, Selection rows, uint8_t* out) const;
  void contains_text(const std::string_view* values, Selection rows, uint8_t* out) const;

  Type type_;
  bool has_null_ = false;
  std::vector<int64_t> ints_;  ///< Sorted; also bool and times.
  std::vector<double> floats_;
  std::vector<std::string> texts_;
  std::unordered_set<std::string_view> hashed_;  ///< Views of texts_, when they are many.
};

}  // namespace millrace
