#include "settings.h"

namespace millrace::sse_sink {

Settings::Settings(const config& cfg) : history(static_cast<uint64_t>(cfg.i64("history", 100))) {
  server.address = feed::address_of(cfg.str("listen", "127.0.0.1:8090"));
  server.clients_max = static_cast<uint64_t>(cfg.i64("clients", 100));
  server.allow_origin = cfg.str("allow_origin", "");
  server.keep_alive = cfg.duration("keep_alive", std::chrono::seconds(15));
  server.policy = "default-src 'self' 'unsafe-inline'";
  if (server.allow_origin.find_first_of("\r\n") != server.allow_origin.npos)
    throw config_error("allow_origin: holds a line break");
}

}  // namespace millrace::sse_sink
