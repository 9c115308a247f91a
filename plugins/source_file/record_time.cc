#include "record_time.h"

#include <time.h>

#include <cstdlib>
#include <cstring>

namespace millrace::file_source {
namespace {

constexpr const char* kRfc3339 = "%Y-%m-%dT%H:%M:%S";
constexpr std::pair<std::string_view, double> kUnits[] = {
    {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}};
constexpr std::string_view kLocal = "local:";

double unit_of(std::string_view unit) {
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return seconds;
  }
  return 0;
}

/// The pattern of local:ZONE:PATTERN; the zone does not matter for a pace.
std::string pattern_of(std::string_view unit) {
  if (!unit.starts_with(kLocal)) return kRfc3339;
  const std::size_t colon = unit.find(':', kLocal.size());
  std::string pattern = colon == unit.npos ? "" : std::string(unit.substr(colon + 1));
  // Fractions at the end are read without it; elsewhere strptime has no word for them.
  if (pattern.ends_with(".%f")) pattern.resize(pattern.size() - 3);
  return pattern.find("%f") == pattern.npos ? pattern : "";
}

/// "meta.dt" -> "/meta/dt"
std::string pointer_of(std::string_view field) {
  std::string pointer = "/";
  for (const char c : field) {
    if (c == '.') {
      pointer += '/';
    } else if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

/// "+02:00", "-0530", "Z"; nothing counts as UTC.
double offset_seconds(const char* text) {
  if (*text != '+' && *text != '-') return 0;
  int hours = std::atoi(text + 1), minutes = 0;
  if (const char* colon = std::strchr(text, ':')) {
    minutes = std::atoi(colon + 1);
  } else if (hours >= 100) {
    minutes = hours % 100;
    hours /= 100;
  }
  const double seconds = hours * 3600.0 + minutes * 60.0;
  return *text == '-' ? -seconds : seconds;
}

/// By a pattern of strptime, with a fraction and an offset behind it if they are there.
std::optional<double> parse_time(const std::string& text, const char* pattern) {
  tm parts{};
  const char* rest = strptime(text.c_str(), pattern, &parts);
  if (!rest) return std::nullopt;
  double fraction = 0;
  if (*rest == '.') {
    char* end = nullptr;
    fraction = std::strtod(rest, &end);
    rest = end;
  }
  return static_cast<double>(timegm(&parts)) + fraction - offset_seconds(rest);
}

}  // namespace

bool RecordTime::knows_unit(std::string_view unit) {
  return unit == "rfc3339" || unit_of(unit) > 0 ||
         (unit.starts_with(kLocal) && !pattern_of(unit).empty());
}

RecordTime::RecordTime(const context& ctx, const std::string& field, const std::string& unit)
    : ctx_(ctx),
      pointer_(pointer_of(field)),
      pattern_(pattern_of(unit)),
      unit_seconds_(unit_of(unit)),
      is_rfc3339_(!unit.starts_with(kLocal)) {}

std::optional<double> RecordTime::seconds_of(std::string_view record) const {
  try {
    const config object(ctx_, record);
    switch (object.type(pointer_)) {
      case MR_JSON_NUMBER:
        if (unit_seconds_ == 0) return std::nullopt;
        return object.f64(pointer_) * unit_seconds_;
      case MR_JSON_STRING: return seconds_in(object.str(pointer_));
      default: return std::nullopt;
    }
  } catch (const failure&) {
    return std::nullopt;  // Not JSON: the host will say so.
  }
}

std::optional<double> RecordTime::seconds_in(const std::string& text) const {
  if (unit_seconds_ > 0) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end) return std::nullopt;
    return number * unit_seconds_;
  }
  std::string plain = text;
  if (is_rfc3339_ && plain.size() > 10 && plain[10] == ' ') plain[10] = 'T';
  return parse_time(plain, pattern_.c_str());
}

}  // namespace millrace::file_source
