#pragma once

/// Where a stream of events goes on: its last event id, resent as it came, and the number of the
/// last record. Snapshot: `{"v":1,"seq":7,"id":"…"}`. Threads: one.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sse_source {

struct Position {
  uint64_t seq = 0;
  std::string id;  ///< Empty: none.

  /// False: `state` is not one of this plugin.
  bool restore(std::string_view state);
  std::string snapshot() const;
};

}  // namespace millrace::sse_source
