#include "settings.h"

#include <charconv>

namespace millrace::redis_sink {
namespace {

/// `%40` and its like in user and password.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                            text.data() + i + 3;
    out += escape ? static_cast<char>(byte) : text[i];
    if (escape) i += 2;
  }
  return out;
}

int number(const std::string& text, const char* what, int most) {
  int value = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < 0 ||
      value > most) {
    throw config_error(std::string("\"url\": the ") + what + " is not a number from 0 to " +
                       std::to_string(most));
  }
  return value;
}

}  // namespace

void Settings::read_url(std::string url) {
  if (url.starts_with("rediss://")) {
    throw config_error(
        "\"url\": rediss:// is refused, since the Redis client library has no TLS; use redis:// "
        "through a tunnel or a trusted network");
  }
  url.erase(0, std::string_view("redis://").size());
  if (const std::size_t slash = url.find('/'); slash != std::string::npos) {
    if (slash + 1 < url.size()) database = number(url.substr(slash + 1), "database", 1 << 20);
    url.erase(slash);
  }
  if (const std::size_t at = url.rfind('@'); at != std::string::npos) {
    const std::string login = url.substr(0, at);
    url.erase(0, at + 1);
    const std::size_t colon = login.find(':');
    user = unescaped(login.substr(0, colon));
    if (colon != std::string::npos) password = unescaped(login.substr(colon + 1));
  }
  const std::size_t colon = url.rfind(':');
  if (colon != std::string::npos && url.find(']', colon) == std::string::npos) {
    port = number(url.substr(colon + 1), "port", 65535);
    url.erase(colon);
  }
  if (url.size() > 2 && url.front() == '[' && url.back() == ']')
    url = url.substr(1, url.size() - 2);
  if (!url.empty()) host = url;
}

Settings::Settings(const config& cfg)
    : field(cfg.str("field", "")),
      maxlen(cfg.i64("maxlen", 0)),
      timeout(cfg.has("timeout") ? cfg.duration("timeout") : std::chrono::seconds(5)) {
  const std::string name = cfg.str("command", "set");
  command = name == "hset" ? Command::kHset : name == "xadd" ? Command::kXadd : Command::kSet;
  if (cfg.has("ttl")) ttl_ms = std::max<int64_t>(1, cfg.duration("ttl").count() / 1000);
  if (command == Command::kSet && !field.empty())
    throw config_error("\"field\" has a meaning only with hset and xadd");
  if (command != Command::kXadd && maxlen)
    throw config_error("\"maxlen\" has a meaning only with xadd");
  read_url(cfg.str("url"));
}

}  // namespace millrace::redis_sink
