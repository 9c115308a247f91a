// The rule that goes on for ever: parsed, and laid out over one cycle of the calendar.
#include <algorithm>

#include "base/zone_table.h"

namespace millrace {
namespace {

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : left_(text) {}

  bool read(ZoneRule& out) {
    if (!skip_name() || !read_offset(out.standard_us)) return false;
    if (left_.empty()) return true;
    out.has_summer = true;
    out.summer_us = out.standard_us + 3600 * kSecondUs;
    if (!skip_name()) return false;
    if (!left_.empty() && left_[0] != ',' && !read_offset(out.summer_us)) return false;
    return read_date(out.summer_begins) && read_date(out.summer_ends) && left_.empty();
  }

 private:
  bool skip(char expected) {
    if (left_.empty() || left_[0] != expected) return false;
    left_.remove_prefix(1);
    return true;
  }

  /// `CEST`, or `<+0545>` for names that are no letters.
  bool skip_name() {
    const bool quoted = skip('<');
    size_t size = 0;
    while (size < left_.size() && (quoted ? left_[size] != '>' : is_letter(left_[size]))) ++size;
    left_.remove_prefix(size);
    return size > 0 && (!quoted || skip('>'));
  }
  static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

  bool read_number(int max, int& out) {
    out = 0;
    size_t digits = 0;
    for (; digits < left_.size() && left_[digits] >= '0' && left_[digits] <= '9' && out <= max;
         ++digits) {
      out = out * 10 + (left_[digits] - '0');
    }
    left_.remove_prefix(digits);
    return digits > 0 && out <= max;
  }

  /// `[+-]h[:mm[:ss]]`
  bool read_clock(int64_t& out_us) {
    const bool negative = skip('-');
    if (!negative) (void)skip('+');
    int hours = 0, minutes = 0, seconds = 0;
    if (!read_number(167, hours)) return false;
    if (skip(':') && !read_number(59, minutes)) return false;
    if (skip(':') && !read_number(59, seconds)) return false;
    out_us = ((hours * 60 + minutes) * int64_t{60} + seconds) * kSecondUs * (negative ? -1 : 1);
    return true;
  }

  /// POSIX counts offsets westward.
  bool read_offset(int64_t& out_us) {
    if (!read_clock(out_us)) return false;
    out_us = -out_us;
    return true;
  }

  bool read_date(ZoneRule::Date& out) {
    using Kind = ZoneRule::Date::Kind;
    if (!skip(',')) return false;
    if (skip('M')) {
      out.kind = Kind::kMonthWeekDay;
      const bool good = read_number(12, out.month) && skip('.') && read_number(5, out.week) &&
                        skip('.') && read_number(6, out.day);
      if (!good || out.month < 1 || out.week < 1) return false;
    } else {
      out.kind = skip('J') ? Kind::kDayWithoutLeap : Kind::kDayOfYear;
      if (!read_number(365, out.day) || (out.kind == Kind::kDayWithoutLeap && out.day < 1))
        return false;
    }
    return !skip('/') || read_clock(out.clock_us);
  }

  std::string_view left_;
};

int64_t day_of(const ZoneRule::Date& date, int64_t year) {
  using Kind = ZoneRule::Date::Kind;
  const int64_t new_year = days_from_civil(year, 1, 1);
  if (date.kind == Kind::kDayOfYear) return new_year + date.day;
  if (date.kind == Kind::kDayWithoutLeap) {
    // Day 59 is 28 February, day 60 always 1 March.
    const bool behind_leap_day = date.day >= 60 && days_from_civil(year, 3, 1) - new_year == 60;
    return new_year + date.day - 1 + behind_leap_day;
  }
  const auto month = static_cast<unsigned>(date.month);
  const int64_t first = days_from_civil(year, month, 1);
  const int64_t behind =
      month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
  constexpr int64_t kWeekdayOf1970 = 4;  // A Thursday; Sunday is 0.
  const int64_t weekday_of_first =
      (first + kWeekdayOf1970) - floor_div(first + kWeekdayOf1970, 7) * 7;
  int64_t day = first + (date.day - weekday_of_first + 7) % 7 + (date.week - 1) * 7;
  if (day >= behind) day -= 7;  // Week 5 is the last one.
  return day;
}

}  // namespace

bool ZoneRule::parse(std::string_view text, ZoneRule& out) { return RuleReader(text).read(out); }

int64_t ZoneRule::local_time_of(const Date& date, int64_t year) {
  return day_of(date, year) * kDayUs + date.clock_us;
}

void ZoneBuilder::add(EventTime begin, int64_t offset_us) {
  if (!zone_->offsets_us_.empty() && zone_->offsets_us_.back() == offset_us) return;
  zone_->begins_.push_back(begin);
  zone_->offsets_us_.push_back(offset_us);
}

void ZoneBuilder::continue_with(const ZoneRule& rule) {
  const EventTime last = zone_->begins_.back();
  if (!rule.has_summer) return add(saturating_add(last, 1), rule.standard_us);
  const EventTime from = std::max<EventTime>(last, 0);
  const int64_t first_year = civil_from_days(floor_div(from, kDayUs)).year;
  std::vector<std::pair<EventTime, int64_t>> changes;
  constexpr int64_t kYears = 400 + 4;
  for (int64_t year = first_year; year < first_year + kYears; ++year) {
    changes.emplace_back(ZoneRule::local_time_of(rule.summer_begins, year) - rule.standard_us,
                         rule.summer_us);
    changes.emplace_back(ZoneRule::local_time_of(rule.summer_ends, year) - rule.summer_us,
                         rule.standard_us);
  }
  std::sort(changes.begin(), changes.end());
  for (const auto& [begin, offset_us] : changes) {
    if (begin > last) add(begin, offset_us);
  }
  // Two years on, every stretch in force was made by the rule.
  zone_->cycle_from_ = days_from_civil(first_year + 2, 1, 1) * kDayUs;
}

}  // namespace millrace
