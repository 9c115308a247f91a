#pragma once

/// Natural numbers of any size, for the decimals that 128 bits do not hold. Limbs are base 10^9, so
/// reading and writing decimal text is linear and shifting by powers of ten is cheap. Ours because
/// libmpdec is not in Debian 12, and Boost's integers are binary (text in and out is quadratic).
/// Schoolbook algorithms: these numbers have some dozens of digits. Threads: none.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

class Natural {
 public:
  Natural() = default;
  explicit Natural(uint64_t value);
  /// `digits` holds decimal digits only.
  static Natural from_digits(std::string_view digits);
  static Natural power_of_ten(uint32_t exponent);

  bool is_zero() const { return limbs_.empty(); }
  /// No leading zeros; "0" for zero.
  std::string digits() const;

  std::strong_ordering operator<=>(const Natural& other) const;
  bool operator==(const Natural& other) const = default;
  Natural operator+(const Natural& other) const;
  /// `other` is not larger.
  Natural operator-(const Natural& other) const;
  Natural operator*(const Natural& other) const;
  /// Quotient and remainder; `divisor` is not zero.
  std::pair<Natural, Natural> divided_by(const Natural& divisor) const;
  /// The largest number whose square is not above this.
  Natural square_root() const;

 private:
  void trim();
  uint32_t divide_small(uint32_t divisor);  ///< In place; the remainder.
  // Steps of a long division.
  int64_t subtract_at(size_t at, uint64_t times, const Natural& by);
  int64_t add_at(size_t at, const Natural& by);
  std::vector<uint32_t> limbs_;  ///< Lowest first; the highest is not zero.
};

}  // namespace millrace
