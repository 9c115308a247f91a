#include "base/time.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace millrace {
namespace {

constexpr int64_t kDaySeconds = 86400;

/// Reads exactly `count` digits; -1 if they are not there.
int read_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip_char(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

unsigned days_in_month(int64_t year, unsigned month) {
  constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap);
}

std::optional<int64_t> read_date(std::string_view& text) {
  const int year = read_digits(text, 4);
  if (year < 0 || !skip_char(text, '-')) return std::nullopt;
  const int month = read_digits(text, 2);
  if (month < 1 || month > 12 || !skip_char(text, '-')) return std::nullopt;
  const int day = read_digits(text, 2);
  if (day < 1 || day > static_cast<int>(days_in_month(year, month))) return std::nullopt;
  return days_from_civil(year, month, day);
}

/// Seconds of the day; a leap second counts as the second after it, as in PostgreSQL.
std::optional<int64_t> read_clock(std::string_view& text) {
  const int hour = read_digits(text, 2);
  if (hour < 0 || hour > 23 || !skip_char(text, ':')) return std::nullopt;
  const int minute = read_digits(text, 2);
  if (minute < 0 || minute > 59 || !skip_char(text, ':')) return std::nullopt;
  const int second = read_digits(text, 2);
  if (second < 0 || second > 60) return std::nullopt;
  return hour * 3600 + minute * 60 + second;
}

std::optional<int64_t> read_fraction_us(std::string_view& text) {
  if (!skip_char(text, '.')) return 0;
  int64_t micros = 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits < 6) micros = micros * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (size_t i = digits; i < 6; ++i) micros *= 10;
  text.remove_prefix(digits);
  return micros;
}

/// Offset from UTC in seconds: `Z`, `+hh:mm`, `-hh:mm`, `+hhmm` or `+hh`.
std::optional<int64_t> read_offset(std::string_view& text) {
  if (skip_char(text, 'Z') || skip_char(text, 'z')) return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = read_digits(text, 2);
  if (hours < 0 || hours > 23) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    skip_char(text, ':');
    minutes = read_digits(text, 2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
  }
  return sign * (hours * 3600 + minutes * 60);
}

char* write_padded(char* out, int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

}  // namespace

// Both conversions count in eras of 400 years (146097 days) from 1 March, so that the leap day
// is the last day of a year; plain integer arithmetic that holds for negative years too.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day) {
  if (month <= 2) --year;
  const int64_t era = floor_div(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDate civil_from_days(int64_t days) {
  // Infinity is not a date, but kernels ask before they look; the sum must be defined.
  days = std::min(days, std::numeric_limits<int64_t>::max() - 719468) + 719468;
  const int64_t era = floor_div(days, 146097);
  const int64_t doe = days - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const auto day = static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1);
  const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2), month, day};
}

std::optional<EventTime> parse_rfc3339(std::string_view text) {
  const auto days = read_date(text);
  if (!days) return std::nullopt;
  if (!skip_char(text, 'T') && !skip_char(text, 't') && !skip_char(text, ' ')) return std::nullopt;
  const auto clock = read_clock(text);
  if (!clock) return std::nullopt;
  const auto micros = read_fraction_us(text);
  if (!micros) return std::nullopt;
  const auto offset = read_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return (*days * kDaySeconds + *clock - *offset) * kSecondUs + *micros;
}

char* write_rfc3339(EventTime time, char* out) {
  const int64_t seconds = floor_div(time, kSecondUs);
  const int64_t micros = (time % kSecondUs + kSecondUs) % kSecondUs;  // seconds * 1e6 may overflow.
  const int64_t days = floor_div(seconds, kDaySeconds);
  const int64_t clock = seconds - days * kDaySeconds;
  const CivilDate date = civil_from_days(days);
  if (date.year >= 0 && date.year <= 9999) {
    out = write_padded(out, date.year, 4);
  } else {
    // Outside RFC 3339: the expanded form of ISO 8601, so that the value stays readable.
    *out++ = date.year < 0 ? '-' : '+';
    out = write_padded(out, date.year < 0 ? -date.year : date.year, 6);
  }
  *out++ = '-';
  out = write_padded(out, date.month, 2);
  *out++ = '-';
  out = write_padded(out, date.day, 2);
  *out++ = 'T';
  out = write_padded(out, clock / 3600, 2);
  *out++ = ':';
  out = write_padded(out, clock / 60 % 60, 2);
  *out++ = ':';
  out = write_padded(out, clock % 60, 2);
  if (micros != 0) {
    *out++ = '.';
    out = write_padded(out, micros, 6);
    while (out[-1] == '0') --out;
  }
  *out++ = 'Z';
  return out;
}

std::string format_rfc3339(EventTime time) {
  char text[40];
  return std::string(text, write_rfc3339(time, text));
}

}  // namespace millrace
