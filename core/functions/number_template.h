#pragma once

/// Templates of to_char for numbers (`FM9G999D00`), taken apart, and numbers written by them, as
/// PostgreSQL does in the locale "C". Private to this room; pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

class NumberTemplate {
 public:
  /// False: fault() says why.
  bool read(std::string_view text);
  const char* fault() const { return fault_; }

  int digits_before() const { return before_; }
  int digits_behind() const { return behind_; }
  /// `V`: the number is multiplied by 10 to this power, whose digits count as before the point.
  int shift() const { return shift_; }
  bool scientific() const { return scientific_; }
  bool roman() const { return roman_; }

  /// `digits`: the magnitude, rounded to `behind` places (digits_behind(), or what the number has
  /// of them), without a sign.
  std::string write(std::string_view digits, bool negative, int behind) const;
  /// `digits` for RN; # where it cannot be written.
  static std::string roman_digits(int64_t value);
  /// `digits` of a number with too many of them.
  std::string overflowed(int behind) const;
  /// Whether `TH` writes something: then the number must end with a digit.
  bool ordinal() const { return ordinal_ && !roman_ && !point_; }

 private:
  enum class Part : uint8_t {
    kText,
    kNine,
    kZero,
    kPoint,
    kComma,
    kGroup,
    kCurrency,
    kMinus,
    kPlus,
    kSign,
    kOrdinal,
    kOrdinalUpper,
    kRoman,
    kRomanLower,
    kNothing
  };
  struct Piece {
    Part part;
    std::string_view text;  ///< kText only; a view of the template.
  };
  enum class SignPlace : uint8_t { kNone, kBefore, kBehind };
  class Writer;

  bool take(std::string_view& rest);
  bool add_digit(Part part);
  bool fail(const char* why) {
    fault_ = why;
    return false;
  }
  bool read_sign(std::string_view word);
  bool take_point();
  bool take_exponent();

  std::string text_;
  std::vector<Piece> pieces_;
  const char* fault_ = "";
  int before_ = 0, behind_ = 0, shift_ = 0;
  int first_zero_ = 0;  ///< Place of the first `0` in front of the point, if zeros_.
  int last_zero_ = 0;   ///< Digits up to and with the last `0`.
  int digits_before_sign_ = 0;
  SignPlace sign_place_ = SignPlace::kNone;
  bool point_ = false, bare_ = false, blank_ = false, brackets_ = false, minus_ = false,
       plus_ = false, shifted_ = false, scientific_ = false, roman_ = false, zeros_ = false,
       ordinal_ = false;
};

}  // namespace millrace
