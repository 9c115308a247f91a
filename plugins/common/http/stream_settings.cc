#include "common/http/stream_settings.h"

namespace millrace::http {

StreamSettings read_stream_settings(const config& cfg, StreamSettings defaults, bool resumes) {
  StreamSettings out = defaults;
  out.silence_timeout = cfg.duration("silence_timeout", defaults.silence_timeout);
  out.max_age = cfg.duration("max_age", defaults.max_age);
  out.stall_limit = cfg.duration("stall_limit", defaults.stall_limit);
  out.buffer = cfg.bytes("buffer", defaults.buffer);
  const bool blocks = cfg.str("overflow", "drop_oldest") == "block";
  out.overflow = resumes ? Overflow::kResume : blocks ? Overflow::kBlock : Overflow::kDropOldest;
  return out;
}

}  // namespace millrace::http
