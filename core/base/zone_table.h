#pragma once

/// How a zone's table is filled; included by zone*.cc only.

#include "base/zone.h"

namespace millrace {

inline constexpr int64_t kDayUs = 86400 * kSecondUs;
/// The Gregorian calendar repeats after 400 years, days of the week included.
inline constexpr int64_t kCycleUs = 146097 * kDayUs;

/// The rule behind the last listed change: POSIX's TZ text with its dates (RFC 9636, 3.3.1).
struct ZoneRule {
  int64_t standard_us = 0;
  bool has_summer = false;
  int64_t summer_us = 0;
  struct Date {
    enum class Kind { kMonthWeekDay, kDayOfYear, kDayWithoutLeap } kind = Kind::kMonthWeekDay;
    int month = 0, week = 0, day = 0;
    int64_t clock_us = 2 * 3600 * kSecondUs;  ///< From midnight, -167 to 167 hours.
  };
  Date summer_begins, summer_ends;

  /// False: the text is none.
  static bool parse(std::string_view text, ZoneRule& out);
  /// Microseconds from 1970 on the wall clock in force before the change.
  static int64_t local_time_of(const Date& date, int64_t year);
};

class ZoneBuilder {
 public:
  explicit ZoneBuilder(std::string name) : zone_(new Zone(std::move(name))) {}
  /// In ascending order, the first at kTimeNone. A change to the same offset is none.
  void add(EventTime begin, int64_t offset_us);
  /// What comes behind the last change that was added.
  void continue_with(const ZoneRule& rule);
  std::shared_ptr<const Zone> take() { return std::move(zone_); }

 private:
  std::shared_ptr<Zone> zone_;
};

}  // namespace millrace
