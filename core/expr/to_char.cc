// to_char of times: PostgreSQL's template patterns. Names of months and days are English.

#include <array>
#include <cstdio>
#include <string>

#include "columns/datetime.h"
#include "expr/kernel.h"
#include "expr/made_text.h"
#include "expr/time_units.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr int64_t kDay = 86'400'000'000;
constexpr std::array<View, 12> kMonths = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
constexpr std::array<View, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

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

enum class Letters : uint8_t { kUpper, kFirst, kLower };

std::string cased(View text, Letters letters) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    const bool upper = letters == Letters::kUpper || (letters == Letters::kFirst && i == 0);
    const char low = static_cast<char>(out[i] | 0x20);
    out[i] = upper ? static_cast<char>(low & ~0x20) : low;
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

std::string name(View full, size_t size, Letters letters, bool fill, size_t width) {
  std::string out = cased(full.substr(0, size), letters);
  if (fill && out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string roman(uint32_t month, Letters letters, bool fill) {
  constexpr std::array<View, 12> kRoman = {"I",   "II",   "III", "IV", "V",  "VI",
                                           "VII", "VIII", "IX",  "X",  "XI", "XII"};
  std::string out = cased(kRoman[month - 1], letters);
  if (fill && out.size() < 4) out.append(4 - out.size(), ' ');
  return out;
}

using Write = std::string (*)(const Moment&, bool fill);
struct Pattern {
  View text;
  Write write;
  bool is_number = false;  ///< TH may follow.
};

uint32_t hour12(const Moment& m) { return m.civil.hour % 12 == 0 ? 12 : m.civil.hour % 12; }
View half(const Moment& m, bool upper, bool dots) {
  if (m.civil.hour >= 12) return dots ? (upper ? "P.M." : "p.m.") : (upper ? "PM" : "pm");
  return dots ? (upper ? "A.M." : "a.m.") : (upper ? "AM" : "am");
}
View era_name(const Moment& m, bool upper, bool dots) {
  if (m.civil.year > 0) return dots ? (upper ? "A.D." : "a.d.") : (upper ? "AD" : "ad");
  return dots ? (upper ? "B.C." : "b.c.") : (upper ? "BC" : "bc");
}
/// The first digits of the fraction of a second, the rest cut.
std::string fraction(const Moment& m, int digits) {
  return number(m.civil.microsecond, 6, true).substr(0, static_cast<size_t>(digits));
}
/// The last digits of the year of the ISO week.
std::string iso_digits(const Moment& m, int digits, bool fill) {
  constexpr int64_t kPowers[] = {1, 10, 100, 1000};
  return number(Moment::era(iso_year(m.us)) % kPowers[digits], digits, fill);
}
std::string month_name(const Moment& m, Letters letters, bool fill, bool whole) {
  return name(kMonths[m.civil.month - 1], whole ? 9 : 3, letters, fill && whole, 9);
}
std::string day_name(const Moment& m, Letters letters, bool fill, bool whole) {
  return name(kDays[static_cast<size_t>(day_of_week(m.day))], whole ? 9 : 3, letters, fill && whole,
              9);
}

constexpr Letters kUpper = Letters::kUpper, kFirst = Letters::kFirst, kLower = Letters::kLower;

/// The longer of two that begin alike stands first.
constexpr std::array kPatterns = {
    Pattern{"HH24", [](const Moment& m, bool fill) { return number(m.civil.hour, 2, fill); }, true},
    Pattern{"HH12", [](const Moment& m, bool fill) { return number(hour12(m), 2, fill); }, true},
    Pattern{"HH", [](const Moment& m, bool fill) { return number(hour12(m), 2, fill); }, true},
    Pattern{"MI", [](const Moment& m, bool fill) { return number(m.civil.minute, 2, fill); }, true},
    Pattern{
        "SSSSS",
        [](const Moment& m, bool) { return number((m.us - m.day * kDay) / 1'000'000, 1, false); },
        true},
    Pattern{
        "SSSS",
        [](const Moment& m, bool) { return number((m.us - m.day * kDay) / 1'000'000, 1, false); },
        true},
    Pattern{"SS", [](const Moment& m, bool fill) { return number(m.civil.second, 2, fill); }, true},
    Pattern{"MS", [](const Moment& m, bool) { return number(m.civil.microsecond / 1000, 3, true); },
            true},
    Pattern{"US", [](const Moment& m, bool) { return number(m.civil.microsecond, 6, true); }, true},
    Pattern{"FF1", [](const Moment& m, bool) { return fraction(m, 1); }, true},
    Pattern{"FF2", [](const Moment& m, bool) { return fraction(m, 2); }, true},
    Pattern{"FF3", [](const Moment& m, bool) { return fraction(m, 3); }, true},
    Pattern{"FF4", [](const Moment& m, bool) { return fraction(m, 4); }, true},
    Pattern{"FF5", [](const Moment& m, bool) { return fraction(m, 5); }, true},
    Pattern{"FF6", [](const Moment& m, bool) { return fraction(m, 6); }, true},
    Pattern{"AM", [](const Moment& m, bool) { return std::string(half(m, true, false)); }},
    Pattern{"PM", [](const Moment& m, bool) { return std::string(half(m, true, false)); }},
    Pattern{"am", [](const Moment& m, bool) { return std::string(half(m, false, false)); }},
    Pattern{"pm", [](const Moment& m, bool) { return std::string(half(m, false, false)); }},
    Pattern{"A.M.", [](const Moment& m, bool) { return std::string(half(m, true, true)); }},
    Pattern{"P.M.", [](const Moment& m, bool) { return std::string(half(m, true, true)); }},
    Pattern{"a.m.", [](const Moment& m, bool) { return std::string(half(m, false, true)); }},
    Pattern{"p.m.", [](const Moment& m, bool) { return std::string(half(m, false, true)); }},
    Pattern{"Y,YYY",
            [](const Moment& m, bool) {
              return number(m.year() / 1000, 1, false) + "," + number(m.year() % 1000, 3, true);
            },
            true},
    Pattern{"IYYY",
            [](const Moment& m, bool fill) { return number(Moment::era(iso_year(m.us)), 4, fill); },
            true},
    Pattern{"IYY", [](const Moment& m, bool fill) { return iso_digits(m, 3, fill); }, true},
    Pattern{"IY", [](const Moment& m, bool fill) { return iso_digits(m, 2, fill); }, true},
    Pattern{"YYYY", [](const Moment& m, bool fill) { return number(m.year(), 4, fill); }, true},
    Pattern{"YYY", [](const Moment& m, bool fill) { return number(m.year() % 1000, 3, fill); },
            true},
    Pattern{"YY", [](const Moment& m, bool fill) { return number(m.year() % 100, 2, fill); }, true},
    Pattern{"Y", [](const Moment& m, bool fill) { return number(m.year() % 10, 1, fill); }, true},
    Pattern{"MONTH", [](const Moment& m, bool fill) { return month_name(m, kUpper, fill, true); }},
    Pattern{"Month", [](const Moment& m, bool fill) { return month_name(m, kFirst, fill, true); }},
    Pattern{"month", [](const Moment& m, bool fill) { return month_name(m, kLower, fill, true); }},
    Pattern{"MON", [](const Moment& m, bool fill) { return month_name(m, kUpper, fill, false); }},
    Pattern{"Mon", [](const Moment& m, bool fill) { return month_name(m, kFirst, fill, false); }},
    Pattern{"mon", [](const Moment& m, bool fill) { return month_name(m, kLower, fill, false); }},
    Pattern{"MM", [](const Moment& m, bool fill) { return number(m.civil.month, 2, fill); }, true},
    Pattern{"RM", [](const Moment& m, bool fill) { return roman(m.civil.month, kUpper, fill); }},
    Pattern{"rm", [](const Moment& m, bool fill) { return roman(m.civil.month, kLower, fill); }},
    Pattern{"DAY", [](const Moment& m, bool fill) { return day_name(m, kUpper, fill, true); }},
    Pattern{"Day", [](const Moment& m, bool fill) { return day_name(m, kFirst, fill, true); }},
    Pattern{"day", [](const Moment& m, bool fill) { return day_name(m, kLower, fill, true); }},
    Pattern{"IDDD",
            [](const Moment& m, bool fill) {
              return number((iso_week(m.us) - 1) * 7 + m.field(Unit::kIsoDayOfWeek), 3, fill);
            },
            true},
    Pattern{"DDD",
            [](const Moment& m, bool fill) { return number(m.field(Unit::kDayOfYear), 3, fill); },
            true},
    Pattern{"DD", [](const Moment& m, bool fill) { return number(m.civil.day, 2, fill); }, true},
    Pattern{"DY", [](const Moment& m, bool fill) { return day_name(m, kUpper, fill, false); }},
    Pattern{"Dy", [](const Moment& m, bool fill) { return day_name(m, kFirst, fill, false); }},
    Pattern{"dy", [](const Moment& m, bool fill) { return day_name(m, kLower, fill, false); }},
    Pattern{"ID",
            [](const Moment& m, bool) { return number(m.field(Unit::kIsoDayOfWeek), 1, false); },
            true},
    Pattern{"D", [](const Moment& m, bool) { return number(day_of_week(m.day) + 1, 1, false); },
            true},
    Pattern{"IW", [](const Moment& m, bool fill) { return number(iso_week(m.us), 2, fill); }, true},
    Pattern{"I", [](const Moment& m, bool fill) { return iso_digits(m, 1, fill); }, true},
    Pattern{"WW",
            [](const Moment& m,
               bool fill) { return number((m.field(Unit::kDayOfYear) - 1) / 7 + 1, 2, fill); },
            true},
    Pattern{"W", [](const Moment& m, bool) { return number((m.civil.day - 1) / 7 + 1, 1, false); },
            true},
    Pattern{"CC",
            [](const Moment& m, bool fill) { return number(m.field(Unit::kCentury), 2, fill); },
            true},
    Pattern{"Q",
            [](const Moment& m, bool) { return number((m.civil.month - 1) / 3 + 1, 1, false); },
            true},
    Pattern{"J", [](const Moment& m, bool) { return number(m.day + 2'440'588, 1, false); }, true},
    Pattern{"TZH", [](const Moment&, bool) { return std::string("+00"); }},
    Pattern{"TZM", [](const Moment&, bool) { return std::string("00"); }},
    Pattern{"TZ", [](const Moment& m, bool) { return std::string(m.zoned ? "UTC" : ""); }},
    Pattern{"tz", [](const Moment& m, bool) { return std::string(m.zoned ? "utc" : ""); }},
    Pattern{"OF", [](const Moment&, bool fill) { return std::string(fill ? "+00" : "+0"); }},
    Pattern{"BC", [](const Moment& m, bool) { return std::string(era_name(m, true, false)); }},
    Pattern{"AD", [](const Moment& m, bool) { return std::string(era_name(m, true, false)); }},
    Pattern{"bc", [](const Moment& m, bool) { return std::string(era_name(m, false, false)); }},
    Pattern{"ad", [](const Moment& m, bool) { return std::string(era_name(m, false, false)); }},
    Pattern{"B.C.", [](const Moment& m, bool) { return std::string(era_name(m, true, true)); }},
    Pattern{"A.D.", [](const Moment& m, bool) { return std::string(era_name(m, true, true)); }},
    Pattern{"b.c.", [](const Moment& m, bool) { return std::string(era_name(m, false, true)); }},
    Pattern{"a.d.", [](const Moment& m, bool) { return std::string(era_name(m, false, true)); }},
};

bool same_letters(char a, char b) {
  return (a | 0x20) == (b | 0x20) && ((a | 0x20) >= 'a' && (a | 0x20) <= 'z' ? true : a == b);
}

/// The pattern at the front of `format`; numbers are known whatever their capitals.
const Pattern* pattern_at(View format) {
  for (const Pattern& pattern : kPatterns) {
    if (format.size() < pattern.text.size()) continue;
    bool same = true;
    for (size_t i = 0; i < pattern.text.size() && same; ++i) {
      same = pattern.is_number ? same_letters(format[i], pattern.text[i])
                               : format[i] == pattern.text[i];
    }
    if (same) return &pattern;
  }
  return nullptr;
}

View ordinal(View digits, bool upper) {
  const char last = digits.back();
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  const size_t which = teen ? 0 : last == '1' ? 1 : last == '2' ? 2 : last == '3' ? 3 : 0;
  constexpr View kUpperCase[] = {"TH", "ST", "ND", "RD"}, kLowerCase[] = {"th", "st", "nd", "rd"};
  return upper ? kUpperCase[which] : kLowerCase[which];
}

void write_formatted(const Moment& moment, View format, TextMaker& out) {
  while (!format.empty()) {
    if (format[0] == '"') {
      format.remove_prefix(1);
      while (!format.empty() && format[0] != '"') {
        if (format[0] == '\\' && format.size() > 1) format.remove_prefix(1);
        out.append(format[0]);
        format.remove_prefix(1);
      }
      if (!format.empty()) format.remove_prefix(1);
      continue;
    }
    const bool bare = format.starts_with("FM") || format.starts_with("fm");
    // Names in the reader's language, which is English here; only they go without filling.
    const bool translated = format.starts_with("TM") || format.starts_with("tm");
    const bool prefixed = bare || translated;
    const View rest = format.substr(prefixed ? 2 : 0);
    const Pattern* pattern = pattern_at(rest);
    if (!pattern) {
      // A backslash shields a quote only.
      const bool shield = !prefixed && format.size() > 1 && format[0] == '\\' && format[1] == '"';
      if (shield) format.remove_prefix(1);
      if (!prefixed) out.append(format[0]);
      format.remove_prefix(prefixed ? 2 : 1);
      continue;
    }
    const bool name = !pattern->is_number &&
                      (same_letters(pattern->text[0], 'm') || same_letters(pattern->text[0], 'd'));
    const std::string text = pattern->write(moment, !bare && !(translated && name));
    out.append(text);
    format = rest.substr(pattern->text.size());
    if (format.starts_with("TH") || format.starts_with("th")) {
      if (pattern->is_number) out.append(ordinal(text, format[0] == 'T'));  // Names have none.
      format.remove_prefix(2);
    }
  }
}

template <bool kZoned>
void to_char(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    write_formatted(Moment(argument<int64_t>(call, 0, row), kZoned), argument<View>(call, 1, row),
                    made);
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
