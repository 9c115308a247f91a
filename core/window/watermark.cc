#include "window/watermark.h"

#include "base/assert.h"

namespace millrace {

void Watermark::observe_all(std::span<const EventTime> times, std::span<EventTime> before) {
  MILLRACE_ASSERT(before.size() == times.size() + 1);
  for (size_t i = 0; i < times.size(); ++i) {
    before[i] = now_;
    observe(times[i]);
  }
  before[times.size()] = now_;
}

}  // namespace millrace
