#pragma once

/// Where a stream of events goes on: its last event id, resent as it came, and the number of the
/// last record. Snapshot: `{"v":1,"seq":7,"seen_us":…,"id":"…"}`. Threads: one.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sse_source {

struct Position {
  uint64_t seq = 0;
  int64_t seen_us = 0;  ///< When the last record came; 0: never.
  std::string id;       ///< Empty: none.

  /// False: `state` is not one of this plugin.
  bool restore(std::string_view state);
  std::string snapshot() const;
};

}  // namespace millrace::sse_source
