#pragma once

/// The templates of to_char, to_timestamp and to_date: `"on" FMDDth Month YYYY` taken apart. Which
/// fields there are, and how a template is read, is PostgreSQL's. Private to this room.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "functions/function.h"

namespace millrace {

enum class TimeField : uint8_t {
  kHour24,
  kHour12,
  kMinute,
  kSecond,
  kSecondOfDay,
  kFraction,  ///< The first `digits` digits of the fraction of a second.
  kHalf,      ///< AM or PM.
  kYearComma,
  kYear,     ///< Its last `digits` digits; of four, all.
  kIsoYear,  ///< The same of the ISO week's year.
  kCentury,
  kEra,  ///< AD or BC.
  kMonth,
  kMonthName,
  kMonthAbbreviation,
  kMonthRoman,
  kQuarter,
  kDay,
  kDayOfYear,
  kIsoDayOfYear,
  kDayOfWeek,  ///< 1 = Sunday.
  kIsoDayOfWeek,
  kDayName,
  kDayAbbreviation,
  kWeekOfYear,
  kIsoWeek,
  kWeekOfMonth,
  kJulianDay,
  kZoneHour,
  kZoneMinute,
  kZoneName,
  kZoneOffset,
  kExact,  ///< FX: from here on a text must have the template's blanks and lengths.
};

enum class Letters : uint8_t { kUpper, kFirst, kLower };

/// What is known of a field by its name alone.
struct TimePattern {
  std::string_view name;
  TimeField field;
  uint8_t digits = 0;  ///< How many it has in a text to be read. 0: it is no number.
  Letters letters = Letters::kUpper;
  bool dots = false;  ///< `a.m.`
  /// Written in small letters it means the same.
  bool any_case = false;
};

/// A field with its modifiers, or one character that stands for itself.
struct TemplatePart {
  enum class Kind : uint8_t { kField, kSpace, kSeparator, kText };
  enum class Ordinal : uint8_t { kNone, kUpper, kLower };  ///< TH or th behind it.

  Kind kind = Kind::kText;
  bool bare = false;        ///< FM: without zeros and blanks that fill.
  bool translated = false;  ///< TM: names in the reader's language, which is English here.
  Ordinal ordinal = Ordinal::kNone;
  const TimePattern* pattern = nullptr;  ///< Of a field.
  std::string_view text;                 ///< As it stands in the template.
};

/// What a character of a template, or of a text that is read by one, is when it is no field's.
TemplatePart::Kind kind_of(char c);

/// Every text is a template. The parts point into it.
std::vector<TemplatePart> read_template(std::string_view text);

/// The template of a row, read once where it is constant. The parts live until the next row.
class TemplateOf {
 public:
  TemplateOf(const KernelCall& call, size_t argument) : call_(call), argument_(argument) {}
  const std::vector<TemplatePart>& parts(uint32_t row);

 private:
  const KernelCall& call_;
  const size_t argument_;
  std::vector<TemplatePart> parts_;
  bool known_ = false;
};

inline constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 12> kRomanMonths = {
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};
inline constexpr std::array<std::string_view, 7> kDayNames = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
inline constexpr size_t kAbbreviationBytes = 3;

}  // namespace millrace
