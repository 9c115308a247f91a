#include "functions/time_template.h"

#include <algorithm>
#include <utility>

#include "functions/characters.h"
#include "functions/kernel.h"

namespace millrace {
namespace {

using View = std::string_view;
using F = TimeField;

constexpr Letters kUpper = Letters::kUpper, kFirst = Letters::kFirst, kLower = Letters::kLower;

constexpr TimePattern number(View name, F field, uint8_t digits) {
  return {name, field, digits, kUpper, false, true};
}
constexpr TimePattern sign(View name, F field) { return {name, field, 0, kUpper, false, true}; }

/// The longer of two that begin alike stands first.
constexpr std::array kPatterns = {
    number("HH24", F::kHour24, 2),
    number("HH12", F::kHour12, 2),
    number("HH", F::kHour12, 2),
    number("MI", F::kMinute, 2),
    number("SSSSS", F::kSecondOfDay, 5),
    number("SSSS", F::kSecondOfDay, 4),
    number("SS", F::kSecond, 2),
    number("MS", F::kFraction, 3),
    number("US", F::kFraction, 6),
    number("FF1", F::kFraction, 1),
    number("FF2", F::kFraction, 2),
    number("FF3", F::kFraction, 3),
    number("FF4", F::kFraction, 4),
    number("FF5", F::kFraction, 5),
    number("FF6", F::kFraction, 6),
    number("Y,YYY", F::kYearComma, 5),
    number("IYYY", F::kIsoYear, 4),
    number("IYY", F::kIsoYear, 3),
    number("IY", F::kIsoYear, 2),
    number("YYYY", F::kYear, 4),
    number("YYY", F::kYear, 3),
    number("YY", F::kYear, 2),
    number("Y", F::kYear, 1),
    number("CC", F::kCentury, 2),
    number("IDDD", F::kIsoDayOfYear, 3),
    number("ID", F::kIsoDayOfWeek, 1),
    number("IW", F::kIsoWeek, 2),
    number("I", F::kIsoYear, 1),
    number("DDD", F::kDayOfYear, 3),
    number("DD", F::kDay, 2),
    number("WW", F::kWeekOfYear, 2),
    number("W", F::kWeekOfMonth, 1),
    number("Q", F::kQuarter, 1),
    number("J", F::kJulianDay, 1),
    TimePattern{"AM", F::kHalf},
    TimePattern{"PM", F::kHalf},
    TimePattern{"am", F::kHalf, 0, kLower},
    TimePattern{"pm", F::kHalf, 0, kLower},
    TimePattern{"A.M.", F::kHalf, 0, kUpper, true},
    TimePattern{"P.M.", F::kHalf, 0, kUpper, true},
    TimePattern{"a.m.", F::kHalf, 0, kLower, true},
    TimePattern{"p.m.", F::kHalf, 0, kLower, true},
    TimePattern{"AD", F::kEra},
    TimePattern{"BC", F::kEra},
    TimePattern{"ad", F::kEra, 0, kLower},
    TimePattern{"bc", F::kEra, 0, kLower},
    TimePattern{"A.D.", F::kEra, 0, kUpper, true},
    TimePattern{"B.C.", F::kEra, 0, kUpper, true},
    TimePattern{"a.d.", F::kEra, 0, kLower, true},
    TimePattern{"b.c.", F::kEra, 0, kLower, true},
    TimePattern{"MONTH", F::kMonthName},
    TimePattern{"Month", F::kMonthName, 0, kFirst},
    TimePattern{"month", F::kMonthName, 0, kLower},
    TimePattern{"MON", F::kMonthAbbreviation},
    TimePattern{"Mon", F::kMonthAbbreviation, 0, kFirst},
    TimePattern{"mon", F::kMonthAbbreviation, 0, kLower},
    number("MM", F::kMonth, 2),
    TimePattern{"RM", F::kMonthRoman},
    TimePattern{"rm", F::kMonthRoman, 0, kLower},
    TimePattern{"DAY", F::kDayName},
    TimePattern{"Day", F::kDayName, 0, kFirst},
    TimePattern{"day", F::kDayName, 0, kLower},
    TimePattern{"DY", F::kDayAbbreviation},
    TimePattern{"Dy", F::kDayAbbreviation, 0, kFirst},
    TimePattern{"dy", F::kDayAbbreviation, 0, kLower},
    number("D", F::kDayOfWeek, 1),
    sign("TZH", F::kZoneHour),
    sign("TZM", F::kZoneMinute),
    TimePattern{"TZ", F::kZoneName},
    TimePattern{"tz", F::kZoneName, 0, kLower},
    sign("OF", F::kZoneOffset),
    sign("FX", F::kExact),
};

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool begins_with(View text, const TimePattern& pattern) {
  if (text.starts_with(pattern.name)) return true;
  if (!pattern.any_case || text.size() < pattern.name.size()) return false;
  return std::equal(pattern.name.begin(), pattern.name.end(), text.begin(), [](char name, char c) {
    return c == (is_capital(name) ? static_cast<char>(name + 32) : name);
  });
}

const TimePattern* pattern_at(View text) {
  const auto found = std::find_if(kPatterns.begin(), kPatterns.end(),
                                  [&](const TimePattern& p) { return begins_with(text, p); });
  return found == kPatterns.end() ? nullptr : &*found;
}

/// Takes a template apart from its front.
class TemplateReader {
 public:
  explicit TemplateReader(View text) : rest_(text) {}

  std::vector<TemplatePart> read() && {
    while (!rest_.empty()) {
      TemplatePart part;
      take_modifier(part);
      if ((part.pattern = pattern_at(rest_))) {
        take_field(part);
      } else if (skip("\"")) {
        take_quoted();
      } else if (!rest_.empty()) {
        if (rest_.starts_with("\\\"")) skip("\\");
        take_character(kind_of(rest_[0]));
      }
    }
    return std::move(parts_);
  }

 private:
  bool skip(View text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void take_modifier(TemplatePart& part) {
    part.bare = skip("FM") || skip("fm");
    part.translated = !part.bare && (skip("TM") || skip("tm"));
  }
  void take_field(TemplatePart& part) {
    part.kind = TemplatePart::Kind::kField;
    part.text = rest_.substr(0, part.pattern->name.size());
    rest_.remove_prefix(part.text.size());
    if (skip("TH")) {
      part.ordinal = TemplatePart::Ordinal::kUpper;
    } else if (skip("th")) {
      part.ordinal = TemplatePart::Ordinal::kLower;
    } else {
      skip("SP");  // Known, and never written out.
    }
    parts_.push_back(part);
  }
  /// Up to the closing quote, or the end. A backslash shields what follows it.
  void take_quoted() {
    while (!rest_.empty() && !skip("\"")) {
      if (rest_.size() > 1) skip("\\");
      take_character(TemplatePart::Kind::kText);
    }
  }
  void take_character(TemplatePart::Kind kind) {
    TemplatePart part;
    part.kind = kind;
    part.text = character_at(rest_, 0);
    rest_.remove_prefix(part.text.size());
    parts_.push_back(part);
  }

  View rest_;
  std::vector<TemplatePart> parts_;
};

}  // namespace

TemplatePart::Kind kind_of(char c) {
  using Kind = TemplatePart::Kind;
  if (c > ' ' && c < 127 && !is_small(c) && !is_capital(c) && !is_digit(c)) return Kind::kSeparator;
  return c == ' ' || (c >= '\t' && c <= '\r') ? Kind::kSpace : Kind::kText;
}

std::vector<TemplatePart> read_template(View text) { return TemplateReader(text).read(); }

const std::vector<TemplatePart>& TemplateOf::parts(uint32_t row) {
  if (!known_ || !call_.args[argument_]->constant)
    parts_ = read_template(argument<View>(call_, argument_, row));
  known_ = true;
  return parts_;
}

}  // namespace millrace
