#include "functions/interval_math.h"

#include <cmath>

namespace millrace {
namespace {

/// What rounding leaves of a product, to six digits behind the point.
double to_micro(double value) { return std::rint(value * 1e6) / 1e6; }

}  // namespace

bool scale_interval(const IntervalValue& a, double factor, bool divide, IntervalValue& out) {
  const auto scaled = [&](double value) { return divide ? value / factor : value * factor; };
  const auto narrow = [](double value, int32_t& to) {
    if (std::isnan(value) || value > 2147483647.0 || value < -2147483648.0) return false;
    to = static_cast<int32_t>(value);
    return true;
  };
  const double months = scaled(a.months), days = scaled(a.days);
  if (!narrow(months, out.months) || !narrow(days, out.days)) return false;
  double month_days = to_micro((months - out.months) * 30);
  double seconds = to_micro((days - out.days + month_days - std::trunc(month_days)) * 86'400);
  if (std::fabs(seconds) >= 86'400) {
    out.days += static_cast<int32_t>(seconds / 86'400);
    seconds -= std::trunc(seconds / 86'400) * 86'400;
  }
  out.days += static_cast<int32_t>(month_days);
  const double us = std::rint(scaled(static_cast<double>(a.us)) + seconds * 1e6);
  if (std::isnan(us) || us >= 9223372036854775807.0 || us < -9223372036854775808.0) return false;
  out.us = static_cast<int64_t>(us);
  return true;
}

}  // namespace millrace
