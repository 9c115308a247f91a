#include "source_darksky/budget.h"

#include <charconv>

#include "common/http/retry_after.h"

namespace millrace::darksky {
namespace {

using http::Micros;

constexpr double kEpochFrom = 1e9;
constexpr double kNearlyGone = 0.05;
constexpr double kLongestPeriod_s = 31 * 86400;  // Quotas are by day or by month.

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number >= 0) || number > 1e15) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Quota> read_quota(const http::Head& head, Micros wall) {
  const auto limit = number_of(head.find("ratelimit-limit"));
  const auto remaining = number_of(head.find("ratelimit-remaining"));
  const auto reset = number_of(head.find("ratelimit-reset"));
  if (!limit || !remaining || !reset || *limit <= 0) return std::nullopt;
  double left_s = *reset;
  if (left_s > kEpochFrom) {
    const Micros now = http::server_now(head.find("date"), wall);
    left_s = std::max(0.0, left_s - static_cast<double>(now.count()) / 1e6);
  }
  left_s = std::min(left_s, kLongestPeriod_s);
  return Quota{*limit, *remaining, Micros(static_cast<int64_t>(left_s * 1e6))};
}

Micros stretched(const Quota& quota, size_t places, Micros every) {
  if (quota.remaining >= quota.limit * kNearlyGone) return every;
  const double calls_each = std::max(quota.remaining, 1.0) / static_cast<double>(places);
  const auto lasts = static_cast<int64_t>(static_cast<double>(quota.reset.count()) / calls_each);
  return std::max(every, Micros(lasts));
}

}  // namespace millrace::darksky
