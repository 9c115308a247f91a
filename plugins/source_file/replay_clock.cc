#include "replay_clock.h"

#include <time.h>

#include <cstdlib>
#include <cstring>

namespace millrace::file_source {
namespace {

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
  if (!unit.starts_with(kLocal)) return "%Y-%m-%dT%H:%M:%S";
  const std::size_t colon = unit.find(':', kLocal.size());
  return colon == unit.npos ? "" : std::string(unit.substr(colon + 1));
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

double monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
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

}  // namespace

bool ReplayClock::knows_unit(std::string_view unit) {
  return unit == "rfc3339" || unit_of(unit) > 0 ||
         (unit.starts_with(kLocal) && !pattern_of(unit).empty());
}

ReplayClock::ReplayClock(const context& ctx, const ReplaySettings& settings)
    : ctx_(ctx),
      speed_(settings.speed),
      pointer_(pointer_of(settings.time_field)),
      pattern_(pattern_of(settings.unit)),
      unit_seconds_(unit_of(settings.unit)),
      is_rfc3339_(!settings.unit.starts_with(kLocal)) {}

bool ReplayClock::due(std::string_view record) {
  const std::optional<double> time = seconds_of(record);
  if (!time) return true;
  if (!first_) {
    first_ = *time;
    started_ = monotonic_seconds();
  }
  return monotonic_seconds() >= started_ + (*time - *first_) / speed_;
}

std::optional<double> ReplayClock::seconds_of(std::string_view record) const {
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

std::optional<double> ReplayClock::seconds_in(const std::string& text) const {
  if (unit_seconds_ > 0) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end) return std::nullopt;
    return number * unit_seconds_;
  }
  std::string plain = text;
  if (is_rfc3339_ && plain.size() > 10 && plain[10] == ' ') plain[10] = 'T';
  tm parts{};
  const char* rest = strptime(plain.c_str(), pattern_.c_str(), &parts);
  if (!rest) return std::nullopt;
  double fraction = 0;
  if (*rest == '.') {
    char* end = nullptr;
    fraction = std::strtod(rest, &end);
    rest = end;
  }
  return static_cast<double>(timegm(&parts)) + fraction - offset_seconds(rest);
}

}  // namespace millrace::file_source
