#include "functions/from_template.h"

#include <algorithm>
#include <optional>
#include <span>

#include "functions/made_text.h"
#include "functions/row_errors.h"
#include "functions/template_text.h"

namespace millrace {
namespace {

using View = std::string_view;
using Kind = TemplatePart::Kind;

/// Two digits or fewer are years of 1970 to 2069, three those of 1520 to 2519.
int32_t full_year(int32_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

TimeFields::Weeks weeks_of(TimeField field) {
  switch (field) {
    case TimeField::kIsoYear:
    case TimeField::kIsoDayOfYear:
    case TimeField::kIsoDayOfWeek:
    case TimeField::kIsoWeek: return TimeFields::Weeks::kIso;
    case TimeField::kYear:
    case TimeField::kYearComma:
    case TimeField::kMonth:
    case TimeField::kMonthName:
    case TimeField::kMonthAbbreviation:
    case TimeField::kMonthRoman:
    case TimeField::kDay:
    case TimeField::kDayOfYear:
    case TimeField::kDayOfWeek:
    case TimeField::kWeekOfYear:
    case TimeField::kWeekOfMonth: return TimeFields::Weeks::kGregorian;
    default: return TimeFields::Weeks::kNotSaid;
  }
}

/// Reads one text along its template.
class FieldReader {
 public:
  FieldReader(View text, const std::vector<TemplatePart>& parts, TimeFields& fields)
      : text_(text), parts_(parts), fields_(fields) {}

  TemplateFault read() && {
    for (; at_ < parts_.size() && !text_.empty() && fault_.sqlstate.empty(); ++at_) {
      const bool field = part().kind == Kind::kField;
      if (field && part().pattern->field == TimeField::kExact) {
        text_.be_exact();
        continue;
      }
      if (field || at_ == 0) text_.skip_blanks();
      if (field) {
        read_field();
      } else if (part().kind == Kind::kText) {
        text_.pass_text();
      } else {
        text_.pass_separator();
      }
    }
    return std::move(fault_);
  }

 private:
  const TemplatePart& part() const { return parts_[at_]; }

  void fail(View state, std::string text) {
    if (fault_.sqlstate.empty()) fault_ = {state, std::move(text)};
  }
  void fail_value(View value) {
    std::string text = quoted_message("invalid value ", value, " for ");
    fail(sqlstate::kInvalidDatetime, text + quoted_message("", part().text));
  }

  /// A field that was read before must say the same.
  void set(int32_t& field, int32_t value) {
    if (field != 0 && field != value) {
      return fail(sqlstate::kInvalidDatetime,
                  quoted_message("conflicting values for ", part().text, " field in template"));
    }
    field = value;
  }

  /// The digits of a number end by themselves: what follows in the template is no digit.
  bool ends_by_itself() const {
    if (part().ordinal != TemplatePart::Ordinal::kNone || at_ + 1 == parts_.size()) return true;
    const TemplatePart& next = parts_[at_ + 1];
    if (next.kind != Kind::kField) return next.text[0] < '0' || next.text[0] > '9';
    return next.pattern->digits == 0 && next.pattern->field != TimeField::kZoneMinute;
  }

  /// A number of so many digits, or of as many as there are where it ends by itself. Returns the
  /// bytes that it took.
  size_t read_number(int32_t& field, size_t digits) {
    const bool open = part().bare || ends_by_itself();
    const auto number = text_.pass_number(open ? std::nullopt : std::optional(digits));
    if (!number) {
      fail_value(text_.rest().substr(0, digits));
      return 0;
    }
    if (number->value != static_cast<int32_t>(number->value)) {
      fail(sqlstate::kDatetimeOverflow,
           quoted_message("value for ", part().text, " in the text is out of range"));
      return 0;
    }
    set(field, static_cast<int32_t>(number->value));
    return number->bytes;
  }
  void read_number(int32_t& field) { read_number(field, part().pattern->digits); }

  int32_t read_name(std::span<const View> names, size_t bytes = View::npos) {
    const auto index = text_.pass_name(names, bytes);
    if (!index) fail_value(text_.rest().substr(0, text_.rest().find(' ')));
    return static_cast<int32_t>(index.value_or(0));
  }
  int32_t read_either(std::array<View, 2> names, std::array<View, 2> dotted) {
    return read_name(part().pattern->dots ? dotted : names);
  }

  void read_field() {
    const TimeFields::Weeks weeks = weeks_of(part().pattern->field);
    if (weeks != TimeFields::Weeks::kNotSaid) {
      if (fields_.weeks != TimeFields::Weeks::kNotSaid && fields_.weeks != weeks) {
        return fail(sqlstate::kInvalidDatetime,
                    "invalid combination of date conventions: do not mix Gregorian and ISO week "
                    "date conventions in a template");
      }
      fields_.weeks = weeks;
    }
    if (part().pattern->digits > 0) {
      read_counted();
      if (part().ordinal != TemplatePart::Ordinal::kNone)
        text_.pass_character(), text_.pass_character();
    } else {
      read_words();
    }
    text_.skip_blanks_and_count_anew();
  }

  void read_counted();
  void read_words();
  void read_day_name(int32_t index);
  void read_year();
  void read_year_with_comma();
  void read_fraction();

  TemplateText text_;
  const std::vector<TemplatePart>& parts_;
  TimeFields& fields_;
  size_t at_ = 0;
  TemplateFault fault_;
};

void FieldReader::read_counted() {
  int32_t ignored = 0;
  switch (part().pattern->field) {
    case TimeField::kHour12: fields_.clock12 = true; return read_number(fields_.hour);
    case TimeField::kHour24: return read_number(fields_.hour);
    case TimeField::kMinute: return read_number(fields_.minute);
    case TimeField::kSecond: return read_number(fields_.second);
    case TimeField::kSecondOfDay: return read_number(fields_.second_of_day);
    case TimeField::kFraction: return read_fraction();
    case TimeField::kYearComma: return read_year_with_comma();
    case TimeField::kYear:
    case TimeField::kIsoYear: return read_year();
    case TimeField::kCentury: return read_number(fields_.century);
    case TimeField::kMonth: return read_number(fields_.month);
    case TimeField::kDay: return read_number(fields_.day);
    case TimeField::kDayOfYear:
    case TimeField::kIsoDayOfYear: return read_number(fields_.day_of_year);
    case TimeField::kDayOfWeek: return read_number(fields_.day_of_week);
    case TimeField::kIsoDayOfWeek:
      read_number(fields_.day_of_week);
      if (++fields_.day_of_week > 7) fields_.day_of_week = 1;
      return;
    case TimeField::kWeekOfYear:
    case TimeField::kIsoWeek: return read_number(fields_.week);
    case TimeField::kWeekOfMonth: return read_number(fields_.week_of_month);
    case TimeField::kJulianDay: return read_number(fields_.julian_day);
    default: return read_number(ignored);  // A quarter alone is no date, and beside a month none.
  }
}

void FieldReader::read_fraction() {
  const bool thousandths = part().pattern->name == "MS";
  int32_t& field = thousandths ? fields_.millisecond : fields_.microsecond;
  const size_t bytes = read_number(field, part().pattern->digits);
  // `.25` is a quarter of a second, `.025` is not.
  for (size_t i = bytes; i > 0 && i < (thousandths ? 3 : 6); ++i) field *= 10;
}

void FieldReader::read_year() {
  const uint8_t digits = part().pattern->digits;
  const size_t bytes = read_number(fields_.year, digits);
  if (digits < 4 && bytes < 4) fields_.year = full_year(fields_.year);
  fields_.year_digits = digits;
}

void FieldReader::read_year_with_comma() {
  const auto thousands = number_at(text_.rest());
  const View behind = thousands ? text_.rest().substr(thousands->bytes) : View();
  const View digits = behind.starts_with(',') ? behind.substr(1) : View();
  const size_t blanks = std::min(digits.find_first_not_of(" \t\n\v\f\r"), digits.size());
  const auto years = number_at(digits.substr(0, blanks + 3));
  if (!years) return fail(sqlstate::kInvalidDatetime, "invalid input text for \"Y,YYY\"");
  text_.pass(thousands->bytes + 1 + years->bytes);
  const int64_t year = thousands->value * 1000 + years->value;
  if (year != static_cast<int32_t>(year))
    return fail(sqlstate::kDatetimeOverflow, "value for \"Y,YYY\" in the text is out of range");
  set(fields_.year, static_cast<int32_t>(year));
  fields_.year_digits = 4;
}

void FieldReader::read_day_name(int32_t index) {
  set(fields_.day_of_week, index);
  ++fields_.day_of_week;
}

void FieldReader::read_words() {
  switch (part().pattern->field) {
    case TimeField::kHalf:
      set(fields_.after_noon, read_either({"am", "pm"}, {"a.m.", "p.m."}));
      fields_.clock12 = true;
      return;
    case TimeField::kEra:
      return set(fields_.before_christ, read_either({"ad", "bc"}, {"a.d.", "b.c."}));
    case TimeField::kMonthName: return set(fields_.month, read_name(kMonthNames) + 1);
    case TimeField::kMonthAbbreviation:
      return set(fields_.month, read_name(kMonthNames, kAbbreviationBytes) + 1);
    case TimeField::kMonthRoman: {
      // Backwards: XII begins with XI, X and I.
      std::array<View, 12> backwards = kRomanMonths;
      std::reverse(backwards.begin(), backwards.end());
      return set(fields_.month, 12 - read_name(backwards));
    }
    case TimeField::kDayName: return read_day_name(read_name(kDayNames));
    case TimeField::kDayAbbreviation:
      return read_day_name(read_name(kDayNames, kAbbreviationBytes));
    case TimeField::kZoneHour:
      fields_.zone_sign = text_.pass_sign() ? -1 : 1;
      read_number(fields_.zone_hour, 2);
      return;
    case TimeField::kZoneMinute:
      if (fields_.zone_sign == 0) fields_.zone_sign = 1;
      read_number(fields_.zone_minute, 2);
      return;
    default:
      return fail(sqlstate::kFeatureNotSupported,
                  quoted_message("template field ", part().text, " can be written, not read"));
  }
}

}  // namespace

TemplateFault read_fields(View text, const std::vector<TemplatePart>& parts, TimeFields& fields) {
  return FieldReader(text, parts, fields).read();
}

}  // namespace millrace
