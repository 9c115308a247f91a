#include "settings.h"

#include <arpa/inet.h>

#include <charconv>

namespace millrace::sse_sink {

Settings::Settings(const config& cfg)
    : history(static_cast<uint64_t>(cfg.i64("history", 100))),
      clients_max(static_cast<uint64_t>(cfg.i64("clients", 100))),
      allow_origin(cfg.str("allow_origin", "")),
      keep_alive(cfg.duration("keep_alive", std::chrono::seconds(15))) {
  const std::string listen = cfg.str("listen", "127.0.0.1:8090");
  const size_t colon = listen.rfind(':');
  const std::string digits = colon == listen.npos ? "" : listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  address = listen.substr(0, std::min(colon, listen.size()));
  in_addr parsed;
  if (error != std::errc() || end != digits.data() + digits.size() ||
      inet_pton(AF_INET, address.c_str(), &parsed) != 1) {
    throw config_error("listen: \"" + listen + "\" is not an address such as 127.0.0.1:8090");
  }
  if (allow_origin.find_first_of("\r\n") != allow_origin.npos)
    throw config_error("allow_origin: holds a line break");
}

}  // namespace millrace::sse_sink
