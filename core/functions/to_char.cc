// to_char of times: PostgreSQL's template patterns. Names of months and days are English.

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "columns/datetime.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/time_template.h"
#include "functions/time_units.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kDay = 86'400'000'000;

/// A time taken apart once for all patterns.
struct Moment {
  int64_t us, day;
  CivilTime civil;
  bool zoned;

  Moment(int64_t us_, bool zoned_)
      : us(us_), day(day_of(us_)), civil(civil_time(us_)), zoned(zoned_) {}
  int64_t field(Unit unit) const { return field_of_time(us, unit, true)->value; }
  int64_t year() const { return era(civil.year); }
  /// Years before Christ count from 1, too.
  static int64_t era(int64_t year) { return year > 0 ? year : 1 - year; }
};

std::string cased(View text, Letters letters) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    const bool upper = letters == Letters::kUpper || (letters == Letters::kFirst && i == 0);
    const char low = static_cast<char>(out[i] | 0x20);
    const bool letter = low >= 'a' && low <= 'z';
    if (letter) out[i] = upper ? static_cast<char>(low & ~0x20) : low;
  }
  return out;
}

/// `05`, or `5` under FM; the digits of a negative number stand behind its sign.
std::string number(int64_t value, int width, bool fill) {
  char text[32];
  const int size =
      std::snprintf(text, sizeof(text), "%0*lld", fill ? (value < 0 ? width + 1 : width) : 0,
                    static_cast<long long>(value));
  return {text, static_cast<size_t>(size)};
}

std::string name(View text, Letters letters, size_t width) {
  std::string out = cased(text, letters);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

struct Digits {
  int64_t value;
  int width;
};

/// The last digits of a year; of four, all of it.
Digits last_digits(int64_t year, int digits) {
  constexpr int64_t kPowers[] = {1, 10, 100, 1000};
  return {digits == 4 ? year : year % kPowers[digits], digits};
}

/// The number that a field is; nothing: it is none.
std::optional<Digits> digits_of(const Moment& m, const TimePattern& pattern) {
  switch (pattern.field) {
    case TimeField::kHour24: return Digits{m.civil.hour, 2};
    case TimeField::kHour12: return Digits{m.civil.hour % 12 == 0 ? 12 : m.civil.hour % 12, 2};
    case TimeField::kMinute: return Digits{m.civil.minute, 2};
    case TimeField::kSecond: return Digits{m.civil.second, 2};
    case TimeField::kSecondOfDay: return Digits{(m.us - m.day * kDay) / 1'000'000, 1};
    case TimeField::kYear: return last_digits(m.year(), pattern.digits);
    case TimeField::kIsoYear: return last_digits(Moment::era(iso_year(m.day)), pattern.digits);
    case TimeField::kCentury: return Digits{m.field(Unit::kCentury), 2};
    case TimeField::kMonth: return Digits{m.civil.month, 2};
    case TimeField::kQuarter: return Digits{(m.civil.month - 1) / 3 + 1, 1};
    case TimeField::kDay: return Digits{m.civil.day, 2};
    case TimeField::kDayOfYear: return Digits{m.field(Unit::kDayOfYear), 3};
    case TimeField::kIsoDayOfYear:
      return Digits{(iso_week(m.day) - 1) * 7 + m.field(Unit::kIsoDayOfWeek), 3};
    case TimeField::kDayOfWeek: return Digits{day_of_week(m.day) + 1, 1};
    case TimeField::kIsoDayOfWeek: return Digits{m.field(Unit::kIsoDayOfWeek), 1};
    case TimeField::kWeekOfYear: return Digits{(m.field(Unit::kDayOfYear) - 1) / 7 + 1, 2};
    case TimeField::kIsoWeek: return Digits{iso_week(m.day), 2};
    case TimeField::kWeekOfMonth: return Digits{(m.civil.day - 1) / 7 + 1, 1};
    case TimeField::kJulianDay: return Digits{m.day + 2'440'588, 1};
    default: return std::nullopt;
  }
}

/// One of two names, `AM` or `PM`, as the pattern writes it.
std::string either(bool second, View first_name, View second_name, const TimePattern& pattern) {
  std::string text(second ? second_name : first_name);
  if (pattern.dots) text = {text[0], '.', text[1], '.'};
  return cased(text, pattern.letters);
}

/// A field that is not a plain number.
std::string words_of(const Moment& m, const TimePattern& pattern, bool fill) {
  const View month = kMonthNames[m.civil.month - 1];
  const View day = kDayNames[static_cast<size_t>(day_of_week(m.day))];
  constexpr size_t kLongest = 9, kLongestRoman = 4;
  switch (pattern.field) {
    case TimeField::kFraction:
      return number(m.civil.microsecond, 6, true).substr(0, pattern.digits);
    case TimeField::kHalf: return either(m.civil.hour >= 12, "AM", "PM", pattern);
    case TimeField::kEra: return either(m.civil.year <= 0, "AD", "BC", pattern);
    case TimeField::kYearComma:
      return number(m.year() / 1000, 1, false) + "," + number(m.year() % 1000, 3, true);
    case TimeField::kMonthName: return name(month, pattern.letters, fill ? kLongest : 0);
    case TimeField::kMonthAbbreviation:
      return name(month.substr(0, kAbbreviationBytes), pattern.letters, 0);
    case TimeField::kMonthRoman:
      return name(kRomanMonths[m.civil.month - 1], pattern.letters, fill ? kLongestRoman : 0);
    case TimeField::kDayName: return name(day, pattern.letters, fill ? kLongest : 0);
    case TimeField::kDayAbbreviation:
      return name(day.substr(0, kAbbreviationBytes), pattern.letters, 0);
    case TimeField::kZoneHour: return "+00";
    case TimeField::kZoneMinute: return "00";
    case TimeField::kZoneName: return m.zoned ? cased("UTC", pattern.letters) : "";
    case TimeField::kZoneOffset: return fill ? "+00" : "+0";
    default: return "";
  }
}

View ordinal(View digits, TemplatePart::Ordinal letters) {
  const char last = digits.back();
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const size_t which = teen ? 0 : last == '1' ? 1 : last == '2' ? 2 : last == '3' ? 3 : 0;
  constexpr View kUpperCase[] = {"TH", "ST", "ND", "RD"}, kLowerCase[] = {"th", "st", "nd", "rd"};
  return letters == TemplatePart::Ordinal::kUpper ? kUpperCase[which] : kLowerCase[which];
}

void write_field(const Moment& moment, const TemplatePart& part, TextMaker& out) {
  const TimePattern& pattern = *part.pattern;
  const bool is_name =
      pattern.field == TimeField::kMonthName || pattern.field == TimeField::kDayName;
  const bool fill = !part.bare && !(part.translated && is_name);
  const auto digits = digits_of(moment, pattern);
  const std::string text =
      digits ? number(digits->value, digits->width, fill) : words_of(moment, pattern, fill);
  out.append(text);
  const bool counted = part.ordinal != TemplatePart::Ordinal::kNone && pattern.digits > 0;
  if (counted) out.append(ordinal(text, part.ordinal));  // Names have none.
}

template <bool kZoned>
void to_char(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  TemplateOf template_of(call, 1);
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    const Moment moment(argument<int64_t>(call, 0, row), kZoned);
    for (const TemplatePart& part : template_of.parts(row)) {
      if (part.pattern) {
        write_field(moment, part, made);
      } else {
        made.append(part.text);
      }
    }
    out[row] = made.done();
  });
}

constexpr Type kT = Type::kText;

constexpr std::array kEntries = {
    entry("to_char", {Type::kTimestamptz, kT}, kT, to_char<true>,
          "Written by a template: YYYY MM DD HH24 MI SS MS US Mon Day IW Q FM TH …, in UTC.",
          "to_char(timestamptz '2026-11-03 09:05Z', 'Dy DD Mon YYYY, HH24:MI')",
          "Tue 03 Nov 2026, 09:05"),
    entry("to_char", {Type::kTimestamp, kT}, kT, to_char<false>, "Written by a template.",
          "to_char(timestamp '2026-11-03 09:05', 'FMDDth \"of\" FMMonth')", "3rd of November"),
};

}  // namespace

std::span<const Function> to_char_functions() { return kEntries; }

}  // namespace millrace
