#include "cache/redis_url.h"

#include <charconv>
#include <string_view>

namespace millrace {
namespace {

bool read_number(std::string_view text, int most, int& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size() &&
         value >= 0 && value <= most;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* at = text.data() + i + 1;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(at, at + 2, byte, 16).ptr == at + 2;
    out += escape ? static_cast<char>(byte) : text[i];
    if (escape) i += 2;
  }
  return out;
}

}  // namespace

std::string RedisUrl::printable() const {
  return "redis://" + host + ":" + std::to_string(port) + "/" + std::to_string(database);
}

Result<RedisUrl> parse_redis_url(const std::string& text) {
  constexpr std::string_view kScheme = "redis://";
  const Error wrong{Code::kInvalidConfig,
                    "cache.redis: expected redis://[user:password@]host:port/database"};
  if (!text.starts_with(kScheme)) return wrong;
  std::string_view rest = std::string_view(text).substr(kScheme.size());
  RedisUrl url;
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    if (!database.empty() && !read_number(database, 1 << 20, url.database)) return wrong;
    rest = rest.substr(0, slash);
  }
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    const size_t colon = login.find(':');
    url.user = unescaped(login.substr(0, colon));
    if (colon != std::string_view::npos) url.password = unescaped(login.substr(colon + 1));
    rest = rest.substr(at + 1);
  }
  if (const size_t colon = rest.rfind(':');
      colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
    if (!read_number(rest.substr(colon + 1), 65535, url.port)) return wrong;
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (!rest.empty()) url.host = std::string(rest);
  return url;
}

}  // namespace millrace
