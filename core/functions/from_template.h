#pragma once

/// What a text says by a template: the fields of to_timestamp and to_date as they were read, not
/// yet a time. Blanks, separators, short years and signs are taken as PostgreSQL takes them.
/// Private to this room.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "functions/time_template.h"

namespace millrace {

/// Fields by their names in the template; 0 is also what was not there, as in PostgreSQL.
struct TimeFields {
  enum class Weeks : uint8_t { kNotSaid, kGregorian, kIso };

  int32_t hour = 0, minute = 0, second = 0, second_of_day = 0;
  int32_t millisecond = 0, microsecond = 0;
  bool clock12 = false;
  int32_t after_noon = 0, before_christ = 0;
  int32_t year = 0, year_digits = 0, century = 0;
  int32_t month = 0, day = 0, day_of_year = 0, week = 0, week_of_month = 0, julian_day = 0;
  int32_t day_of_week = 0;  ///< 1 = Sunday.
  Weeks weeks = Weeks::kNotSaid;
  int32_t zone_sign = 0;  ///< 0: no zone was read.
  int32_t zone_hour = 0, zone_minute = 0;
};

struct TemplateFault {
  std::string_view sqlstate;  ///< Empty: none.
  std::string text;
};

/// A text that ends early leaves the fields that follow as they are; what follows the template does
/// not count.
TemplateFault read_fields(std::string_view text, const std::vector<TemplatePart>& parts,
                          TimeFields& fields);

}  // namespace millrace
