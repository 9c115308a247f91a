#include "columns/datetime.h"

#include <cstdio>
#include <cstring>

#include "base/time.h"
#include "columns/cell_parse.h"
#include "columns/number_text.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

/// Reads a text from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool empty() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (peek() == ' ') rest_.remove_prefix(1);
  }
  bool at_digit() const { return peek() >= '0' && peek() <= '9'; }
  /// Between `least` and `most` digits; false: fewer, or one more follows.
  bool number(size_t least, size_t most, uint32_t& value) {
    size_t digits = 0;
    value = 0;
    while (at_digit() && digits < most) {
      value = value * 10 + static_cast<uint32_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
      ++digits;
    }
    return digits >= least && !at_digit();
  }
  /// Exactly `count` digits; more may follow.
  bool digits(size_t count, uint32_t& value) {
    value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!at_digit()) return false;
      value = value * 10 + static_cast<uint32_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }
  size_t digit_run() const {
    size_t run = 0;
    while (run < rest_.size() && rest_[run] >= '0' && rest_[run] <= '9') ++run;
    return run;
  }
  bool word(std::string_view lower) {
    if (rest_.size() < lower.size()) return false;
    for (size_t i = 0; i < lower.size(); ++i) {
      if ((rest_[i] | 0x20) != lower[i]) return false;
    }
    rest_.remove_prefix(lower.size());
    return true;
  }

 private:
  std::string_view rest_;
};

/// Digits behind the point; PostgreSQL rounds what is finer than a microsecond.
bool fraction(Reader& in, uint32_t& us, bool& carry) {
  us = 0;
  carry = false;
  uint32_t scale = 100'000, digit = 0;
  bool first_cut = true;
  while (in.at_digit()) {
    in.digits(1, digit);
    if (scale > 0) {
      us += digit * scale;
      scale /= 10;
    } else if (first_cut) {
      if (digit >= 5) ++us;
      first_cut = false;
    }
  }
  if (us == 1'000'000) {
    us = 0;
    carry = true;
  }
  return true;
}

DatetimeFault time_of_day(Reader& in, int64_t& us) {
  uint32_t hour = 0, minute = 0, second = 0, micro = 0;
  bool carry = false;
  if (!in.number(1, 2, hour) || !in.take(':') || !in.number(1, 2, minute)) {
    return DatetimeFault::kSyntax;
  }
  if (in.take(':')) {
    if (!in.number(1, 2, second)) return DatetimeFault::kSyntax;
    if (in.take('.') && !fraction(in, micro, carry)) return DatetimeFault::kSyntax;
  }
  // 24:00:00 and a leap second are taken as PostgreSQL takes them: the next instant.
  const bool midnight = hour == 24 && minute == 0 && second == 0 && micro == 0;
  if ((hour > 23 && !midnight) || minute > 59 || second > 60) return DatetimeFault::kField;
  us = ((hour * 60 + minute) * 60 + static_cast<int64_t>(second)) * kSecond + micro;
  if (carry) us += kSecond;
  return DatetimeFault::kNone;
}

/// `Z`, `UTC`, `GMT`, `+01`, `-0130`, `+01:30`, `+01:30:15`; nothing is UTC.
DatetimeFault zone(Reader& in, int64_t& offset_us) {
  offset_us = 0;
  in.skip_blanks();
  if (in.empty() || in.word("utc") || in.word("gmt") || in.word("z")) return DatetimeFault::kNone;
  const bool negative = in.peek() == '-';
  if (!in.take('-') && !in.take('+')) return DatetimeFault::kSyntax;
  uint32_t hours = 0, minutes = 0, seconds = 0;
  const size_t run = in.digit_run();
  if (run == 3 || run == 4) {
    if (!in.digits(run - 2, hours) || !in.digits(2, minutes)) return DatetimeFault::kSyntax;
  } else {
    if (!in.number(1, 2, hours)) return DatetimeFault::kSyntax;
    if (in.take(':') && !in.number(2, 2, minutes)) return DatetimeFault::kSyntax;
    if (in.take(':') && !in.number(2, 2, seconds)) return DatetimeFault::kSyntax;
  }
  if (hours > 15 || minutes > 59 || seconds > 59) return DatetimeFault::kField;
  offset_us = ((hours * 60 + minutes) * 60 + static_cast<int64_t>(seconds)) * kSecond;
  if (negative) offset_us = -offset_us;
  return DatetimeFault::kNone;
}

DatetimeFault date_of(Reader& in, int64_t& day) {
  uint32_t year = 0, month = 0, dom = 0;
  if (in.digit_run() == 8) {  // 20261123
    in.digits(4, year), in.digits(2, month), in.digits(2, dom);
  } else {
    if (in.digit_run() < 4 || !in.number(4, 7, year) || !in.take('-') || !in.number(1, 2, month) ||
        !in.take('-') || !in.number(1, 2, dom)) {
      return DatetimeFault::kSyntax;
    }
  }
  if (year == 0 || month < 1 || month > 12 || dom < 1) return DatetimeFault::kField;
  day = days_from_civil(year, month, dom);
  // A day that the month lacks would come back as one of the next.
  if (civil_from_days(day).day != dom) return DatetimeFault::kField;
  return DatetimeFault::kNone;
}

}  // namespace

namespace {

struct WrittenTime {
  int64_t day = 0, time_us = 0, offset_us = 0;
};

DatetimeFault read_written(std::string_view text, WrittenTime& out) {
  Reader in(trim_blanks(text));
  if (in.word("epoch")) return in.empty() ? DatetimeFault::kNone : DatetimeFault::kSyntax;
  if (const auto fault = date_of(in, out.day); fault != DatetimeFault::kNone) return fault;
  const bool separated = in.take('T') || in.take('t') || in.peek() == ' ';
  in.skip_blanks();
  if (separated && in.at_digit()) {
    if (const auto fault = time_of_day(in, out.time_us); fault != DatetimeFault::kNone)
      return fault;
  } else if (!separated && !in.empty() && in.peek() != '+' && (in.peek() | 0x20) != 'z') {
    return DatetimeFault::kSyntax;  // `2026-11-23-07` is not a zone to PostgreSQL either.
  }
  if (const auto fault = zone(in, out.offset_us); fault != DatetimeFault::kNone) return fault;
  return in.empty() ? DatetimeFault::kNone : DatetimeFault::kSyntax;
}

DatetimeFault instant(const WrittenTime& written, int64_t offset_us, int64_t& us) {
  // The year has seven digits at most.
  int64_t day_us = 0;
  if (__builtin_mul_overflow(written.day, kDay, &day_us) ||
      __builtin_add_overflow(day_us, written.time_us - offset_us, &us) || us < kTimestamptzMin ||
      us >= kTimestamptzEnd) {
    return DatetimeFault::kRange;
  }
  return DatetimeFault::kNone;
}

}  // namespace

DatetimeFault parse_timestamptz(std::string_view text, int64_t& us) {
  WrittenTime written;
  const DatetimeFault fault = read_written(text, written);
  return fault == DatetimeFault::kNone ? instant(written, written.offset_us, us) : fault;
}

DatetimeFault parse_timestamp(std::string_view text, int64_t& us) {
  WrittenTime written;
  const DatetimeFault fault = read_written(text, written);
  return fault == DatetimeFault::kNone ? instant(written, 0, us) : fault;
}

DatetimeFault parse_date(std::string_view text, int64_t& day) {
  WrittenTime written;
  const DatetimeFault fault = read_written(text, written);
  day = written.day;
  if (fault == DatetimeFault::kNone && day >= kDateEnd) return DatetimeFault::kRange;
  return fault;
}

int64_t day_of(int64_t us) { return floor_div(us, kDay); }

CivilTime civil_time(int64_t us) {
  const int64_t day = day_of(us);
  const auto of_day = static_cast<uint64_t>(us - day * kDay);
  const CivilDate date = civil_from_days(day);
  const auto seconds = static_cast<uint32_t>(of_day / kSecond);
  return {date.year,
          date.month,
          date.day,
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<uint32_t>(of_day % kSecond)};
}

int64_t instant_of(const CivilTime& civil) {
  const int64_t seconds = (civil.hour * 60 + civil.minute) * 60 + civil.second;
  return days_from_civil(civil.year, civil.month, civil.day) * kDay + seconds * kSecond +
         civil.microsecond;
}

namespace {

size_t write_text(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

bool before_christ(const CivilTime& civil) { return civil.year <= 0; }

size_t write_date(const CivilTime& civil, char* out) {
  const long long year = before_christ(civil) ? 1 - civil.year : civil.year;
  return static_cast<size_t>(
      std::snprintf(out, kNumberTextMax, "%04lld-%02u-%02u", year, civil.month, civil.day));
}

size_t write_clock(const CivilTime& civil, char* out) {
  auto end = static_cast<size_t>(std::snprintf(out, kNumberTextMax, " %02u:%02u:%02u", civil.hour,
                                               civil.minute, civil.second));
  if (civil.microsecond) {
    end += static_cast<size_t>(
        std::snprintf(out + end, kNumberTextMax - end, ".%06u", civil.microsecond));
    while (out[end - 1] == '0') --end;
  }
  return end;
}

}  // namespace

size_t format_timestamptz(int64_t us, char* out) {
  const CivilTime civil = civil_time(us);
  size_t end = write_date(civil, out);
  end += write_clock(civil, out + end);
  return end + write_text(before_christ(civil) ? "+00 BC" : "+00", out + end);
}

size_t format_timestamp(int64_t us, char* out) {
  const CivilTime civil = civil_time(us);
  size_t end = write_date(civil, out);
  end += write_clock(civil, out + end);
  return before_christ(civil) ? end + write_text(" BC", out + end) : end;
}

size_t format_date(int64_t day, char* out) {
  const CivilDate date = civil_from_days(day);
  const CivilTime civil{date.year, date.month, date.day, 0, 0, 0, 0};
  const size_t end = write_date(civil, out);
  return before_christ(civil) ? end + write_text(" BC", out + end) : end;
}

}  // namespace millrace
