#include "base/local_time.h"

#include <algorithm>
#include <array>
#include <span>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::string_view kConversions = "YymdebBhjHIpMSfaA";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// One to `digits_max` digits; -1 if there is none.
int read_number(std::string_view& text, size_t digits_max) {
  size_t size = 0;
  int value = 0;
  for (; size < text.size() && size < digits_max && is_digit(text[size]); ++size) {
    value = value * 10 + (text[size] - '0');
  }
  text.remove_prefix(size);
  return size > 0 ? value : -1;
}

bool skip_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  text.remove_prefix(word.size());
  return true;
}

/// A name or its first three letters; its number, or -1.
int read_name(std::string_view& text, std::span<const std::string_view> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (skip_word(text, names[i]) || skip_word(text, names[i].substr(0, 3)))
      return static_cast<int>(i);
  }
  return -1;
}

int64_t read_fraction_us(std::string_view& text) {
  int64_t micros = -1;
  int64_t scale = kSecondUs;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    scale /= 10;
    micros = std::max<int64_t>(micros, 0) + (text[0] - '0') * scale;
  }
  return micros;
}

/// What stands for several conversions.
std::string_view expansion_of(char what) {
  switch (what) {
    case 'F': return "%Y-%m-%d";
    case 'D': return "%m/%d/%y";
    case 'T': return "%H:%M:%S";
    case 'R': return "%H:%M";
    default: return {};
  }
}

/// Conversions that stand for several, like %T, written out.
std::string expand(std::string_view pattern) {
  std::string expanded;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view several =
        pattern[i] == '%' && i + 1 < pattern.size() ? expansion_of(pattern[i + 1]) : "";
    expanded += several.empty() ? pattern.substr(i, pattern[i] == '%' ? 2 : 1) : several;
    i += pattern[i] == '%';
  }
  return expanded;
}

}  // namespace

struct LocalPattern::Fields {
  int year = -1, month = 1, day = 1, day_of_year = -1;
  int hour = 0, hour_of_12 = -1, minute = 0, second = 0;
  bool afternoon = false;
  int64_t fraction_us = 0;

  std::optional<int64_t> local_us() const {
    if (day < 1 || month < 1) return std::nullopt;
    int64_t days = days_from_civil(year, 1, 1) + day_of_year - 1;
    if (day_of_year < 0) {
      days = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
      if (civil_from_days(days).month != static_cast<unsigned>(month)) return std::nullopt;
    } else if (day_of_year < 1 || civil_from_days(days).year != year) {
      return std::nullopt;
    }
    const int hours = hour_of_12 < 0 ? hour : hour_of_12 % 12 + (afternoon ? 12 : 0);
    return ((days * 24 + hours) * 3600 + minute * 60 + second) * kSecondUs + fraction_us;
  }
};

Result<LocalPattern> LocalPattern::compile(std::string_view pattern) {
  const std::string expanded = expand(pattern);
  LocalPattern out;
  std::string seen;
  for (size_t i = 0; i < expanded.size(); ++i) {
    const char c = expanded[i];
    if (is_blank(c)) {
      if (out.steps_.empty() || out.steps_.back().what != kBlank)
        out.steps_.push_back({kBlank, ' '});
    } else if (c != '%' || (i + 1 < expanded.size() && expanded[i + 1] == '%')) {
      out.steps_.push_back({kLiteral, c});
      i += c == '%';
    } else {
      const char what = ++i < expanded.size() ? expanded[i] : '\0';
      if (what == '\0' || kConversions.find(what) == std::string_view::npos) {
        return Error{Code::kInvalidConfig, std::string("the pattern has \"%") +
                                               (what ? std::string(1, what) : "") +
                                               "\", which is not read; there are %Y %y %m %d %e %b "
                                               "%B %j %H %I %p %M %S %f %a %A %F %D "
                                               "%T %R and %%"};
      }
      out.steps_.push_back({what, '\0'});
      seen += what;
    }
  }
  const auto has = [&](std::string_view any) {
    return seen.find_first_of(any) != std::string::npos;
  };
  const bool date = has("Yy") && (has("j") || (has("mbBh") && has("de")));
  if (!date || has("I") != has("p")) {
    return Error{Code::kInvalidConfig,
                 date ? "the pattern has only one of %I and %p, which belong together"
                      : "the pattern names no day; e.g. %Y-%m-%d %H:%M:%S"};
  }
  return out;
}

bool LocalPattern::take_name(char what, std::string_view& text, Fields& fields) {
  if (what == 'p') {
    fields.afternoon = skip_word(text, "pm");
    return fields.afternoon || skip_word(text, "am");
  }
  if (what == 'a' || what == 'A') return read_name(text, kWeekdays) >= 0;
  fields.month = read_name(text, kMonths) + 1;
  return fields.month > 0;
}

bool LocalPattern::take(const Step& step, std::string_view& text, Fields& fields) {
  const auto number = [&](size_t digits_max, int max, int& out) {
    out = read_number(text, digits_max);
    return out >= 0 && out <= max;
  };
  switch (step.what) {
    case kLiteral:
      if (text.empty() || text[0] != step.literal) return false;
      text.remove_prefix(1);
      return true;
    case kBlank:
      if (text.empty() || !is_blank(text[0])) return false;
      while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
      return true;
    case 'Y': return number(4, 9999, fields.year);
    case 'y':
      if (!number(2, 99, fields.year)) return false;
      fields.year += fields.year < 69 ? 2000 : 1900;  // As POSIX.
      return true;
    case 'm': return number(2, 12, fields.month);
    case 'e':
      if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
      [[fallthrough]];
    case 'd': return number(2, 31, fields.day);
    case 'j': return number(3, 366, fields.day_of_year);
    case 'H': return number(2, 23, fields.hour);
    case 'I': return number(2, 12, fields.hour_of_12) && fields.hour_of_12 > 0;
    case 'M': return number(2, 59, fields.minute);
    case 'S': return number(2, 60, fields.second);  // A leap second counts as the one behind it.
    case 'f': fields.fraction_us = read_fraction_us(text); return fields.fraction_us >= 0;
    default: return take_name(step.what, text, fields);
  }
}

std::optional<int64_t> LocalPattern::read(std::string_view text) const {
  Fields fields;
  for (const Step& step : steps_) {
    if (!take(step, text, fields)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return fields.local_us();
}

std::optional<EventTime> LocalTimeReader::read(std::string_view text) {
  const std::optional<int64_t> local = format_.pattern.read(text);
  return local ? to_utc(*local) : std::nullopt;
}

std::optional<EventTime> LocalTimeReader::to_utc(int64_t local) {
  if (local >= from_ && local < to_) return local - offset_us_;
  const Zone::Instants found = format_.zone->to_utc(local);
  if (found.reading == Zone::Reading::kTwice) {
    if (format_.ambiguous == Ambiguous::kReject) return std::nullopt;
    return format_.ambiguous == Ambiguous::kEarlier ? found.earlier : found.later;
  }
  if (found.reading == Zone::Reading::kOnce) {
    // Two days from a change no clock shows a reading twice, whatever the jump.
    constexpr int64_t kMarginUs = 2 * 86400 * kSecondUs;
    const Zone::Stretch here = format_.zone->at(found.earlier);
    offset_us_ = here.offset_us;
    from_ = saturating_add(saturating_add(here.begin, kMarginUs), offset_us_);
    to_ = saturating_add(saturating_sub(here.end, kMarginUs), offset_us_);
  }
  return found.earlier;
}

}  // namespace millrace
