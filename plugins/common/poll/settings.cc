#include "common/poll/settings.h"

namespace millrace::poll {

void read_connection_keys(const config& cfg, http::HttpSettings& settings) {
  settings.connection_age = cfg.duration("max_age", http::Micros(0));
  settings.answer_timeout = cfg.duration("silence_timeout", http::Micros(0));
}

}  // namespace millrace::poll
