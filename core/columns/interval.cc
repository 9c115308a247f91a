#include "columns/interval.h"

#include <cstdio>

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000, kHour = 3600 * kSecond;

/// ` 3 days`, with a plus where something before it was negative.
struct Writer {
  char* out;
  size_t length = 0;
  bool before = false;  ///< The part written last was negative.

  void part(int64_t value, const char* unit) {
    if (value == 0) return;
    length += static_cast<size_t>(
        std::snprintf(out + length, kIntervalTextMax - length, "%s%s%lld %s%s", length ? " " : "",
                      before && value > 0 ? "+" : "", static_cast<long long>(value), unit,
                      value == 1 ? "" : "s"));
    before = value < 0;
  }
  void clock(int64_t us) {
    if (us == 0 && length != 0) return;
    const auto size = us < 0 ? 0 - static_cast<uint64_t>(us) : static_cast<uint64_t>(us);
    const uint64_t seconds = size / kSecond;
    length += static_cast<size_t>(std::snprintf(
        out + length, kIntervalTextMax - length, "%s%s%02llu:%02llu:%02llu", length ? " " : "",
        us < 0 ? "-" : (before ? "+" : ""), static_cast<unsigned long long>(seconds / 3600),
        static_cast<unsigned long long>(seconds / 60 % 60),
        static_cast<unsigned long long>(seconds % 60)));
    if (size % kSecond == 0) return;
    length += static_cast<size_t>(std::snprintf(out + length, kIntervalTextMax - length, ".%06llu",
                                                static_cast<unsigned long long>(size % kSecond)));
    while (out[length - 1] == '0') --length;
  }
};

}  // namespace

IntervalValue justified_interval(const IntervalValue& value) {
  const int128 span = value.span();
  constexpr int64_t kDay = 24 * kHour;
  const int128 days = span / kDay;
  return {static_cast<int64_t>(span % kDay), static_cast<int32_t>(days % 30),
          static_cast<int32_t>(days / 30)};
}

size_t format_interval(const IntervalValue& value, char* out) {
  Writer writer{out};
  writer.part(value.months / 12, "year");
  writer.part(value.months % 12, "mon");
  writer.part(value.days, "day");
  writer.clock(value.us);
  return writer.length;
}

}  // namespace millrace
