#pragma once

/// What the service says of the calls that are left (DS7, DS9): below a twentieth the schedule is
/// stretched so that the rest lasts until the reset. Pure.

#include <optional>

#include "common/http/clock.h"
#include "common/http/transfer.h"

namespace millrace::darksky {

struct Quota {
  double limit = 0, remaining = 0;
  http::Micros reset{0};  ///< From now.
};

/// Of the Ratelimit headers; `reset` above 10^9 is an epoch second (H5). Nullopt: none.
std::optional<Quota> read_quota(const http::Head& head, http::Micros wall);

/// How often each of `places` may be asked until the reset; at least `every`. `every`: there is no
/// need to stretch.
http::Micros stretched(const Quota& quota, size_t places, http::Micros every);

}  // namespace millrace::darksky
