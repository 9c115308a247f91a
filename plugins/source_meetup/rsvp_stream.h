#pragma once

/// The RSVP stream of old: one JSON object per line of an endless answer, or per WebSocket message;
/// both with `since_mtime` (MU1). Outlives its connections. Threads: one at a time; cancel() from
/// any.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/http/patience.h"
#include "source_meetup/settings.h"

namespace millrace::meetup {

struct StreamCounts {
  uint64_t requests = 0, reconnects = 0, retries = 0, stalls = 0;
};

class RsvpStream {
 public:
  virtual ~RsvpStream() = default;
  /// The next line, lent until the next call; data() null: the deadline has passed. Throws
  /// cancelled, and fatal when there is no hope.
  virtual std::string_view next(http::Micros deadline) = 0;
  virtual void cancel() noexcept = 0;
  virtual StreamCounts counts() const = 0;

  /// `url` gives the address of each connection.
  static std::unique_ptr<RsvpStream> make(const context& ctx, const Settings& settings,
                                          std::function<std::string()> url);
};

}  // namespace millrace::meetup
