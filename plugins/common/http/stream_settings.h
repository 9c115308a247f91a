#pragma once

/// The keys that all sources which are sent records share (sources.md P7 and §1.2), as a plain
/// struct. Defaults stand here once more than in the schemas (settings.h says why).

#include "common/http/settings.h"

namespace millrace::http {

/// What becomes of records that nobody reads for `stall_limit` (P7).
enum class Overflow {
  kResume,      ///< The service can send again: the connection is replaced.
  kDropOldest,  ///< The oldest go, and are told as lost.
  kBlock,       ///< None: whoever sends has to wait.
};

struct StreamSettings {
  Micros silence_timeout{0};  ///< No record for so long: 0 none.
  Micros max_age{0};          ///< 0: none.
  Micros stall_limit = std::chrono::seconds(30);
  Micros busy_wait{0};  ///< After 429: this, and up to as much again.
  uint64_t buffer = 4 << 20;
  Overflow overflow = Overflow::kResume;
};

/// `defaults`: of keys that the configuration does not have. `resumes`: the service sends again
/// what came meanwhile, so `overflow` has nothing to say.
StreamSettings read_stream_settings(const config& cfg, StreamSettings defaults, bool resumes);

}  // namespace millrace::http
