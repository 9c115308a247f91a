#include "common/http/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <string>

namespace millrace::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Digits, perhaps with a sign. Saturates: nobody waits for longer than an age.
std::optional<int64_t> parse_seconds(std::string_view text) {
  constexpr int64_t kMost = int64_t{1} << 40;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = std::min(seconds * 10 + (c - '0'), kMost);
  }
  return negative ? -seconds : seconds;
}

}  // namespace

std::optional<int64_t> parse_http_date(std::string_view text) {
  // curl_getdate takes much that is no HTTP date; all three forms begin with the day's name.
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text.size() < 24 || text.size() > 40) return std::nullopt;
  if (!std::all_of(text.begin(), text.begin() + 3, is_letter)) return std::nullopt;
  if (text.find(':') == text.npos) return std::nullopt;
  const time_t at = curl_getdate(std::string(text).c_str(), nullptr);
  if (at < 0) return std::nullopt;
  return at;
}

Micros server_now(std::string_view date, Micros now) {
  const auto sent = parse_http_date(trimmed(date));
  return sent ? std::chrono::seconds(*sent) : now;
}

std::optional<RetryAfter> parse_retry_after(std::string_view value, std::string_view date,
                                            Micros now, Micros longest) {
  value = trimmed(value);
  std::optional<int64_t> seconds = parse_seconds(value);
  if (!seconds) {
    const auto then = parse_http_date(value);
    if (!then) return std::nullopt;
    seconds = *then - server_now(date, now).count() / 1'000'000;
  }
  const Micros asked = std::chrono::seconds(std::max<int64_t>(*seconds, 0));
  return RetryAfter{std::min(asked, longest), asked > longest};
}

}  // namespace millrace::http
