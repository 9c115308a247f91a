#include "base/zone.h"

#include <algorithm>

#include "base/zone_table.h"

namespace millrace {
namespace {

/// No two offsets in force close to each other differ by more: the date line is one day wide.
constexpr int64_t kJumpMaxUs = 2 * kDayUs;

}  // namespace

size_t Zone::find_stretch(EventTime t) const {
  return static_cast<size_t>(std::upper_bound(begins_.begin() + 1, begins_.end(), t) -
                             begins_.begin()) -
         1;
}

Zone::Stretch Zone::stretch(size_t i) const {
  return {begins_[i], i + 1 < begins_.size() ? begins_[i + 1] : kTimeMax, offsets_us_[i]};
}

Zone::Stretch Zone::at(EventTime t) const {
  if (cycle_from_ == kTimeMax || t < cycle_from_ + kCycleUs) return stretch(find_stretch(t));
  const int64_t shift = (t - cycle_from_) / kCycleUs * kCycleUs;
  const Stretch found = stretch(find_stretch(t - shift));
  return {found.begin + shift, saturating_add(found.end, shift), found.offset_us};
}

Zone::Instants Zone::to_utc(int64_t local) const {
  Instants out{Reading::kSkipped, kTimeNone, kTimeNone};
  // Where the clock jumped over `local`, the offset of the stretch before the jump counts.
  int64_t offset_before = 0;
  for (EventTime t = saturating_sub(local, kJumpMaxUs); t <= saturating_add(local, kJumpMaxUs);) {
    const Stretch here = at(t);
    const EventTime instant = saturating_sub(local, here.offset_us);
    if (instant >= here.end) offset_before = here.offset_us;
    if (instant >= here.begin && instant < here.end) {
      if (out.reading == Reading::kSkipped) out.earlier = instant;
      out.reading = out.reading == Reading::kSkipped ? Reading::kOnce : Reading::kTwice;
      out.later = instant;
    }
    if (here.end == kTimeMax) break;
    t = here.end;
  }
  if (out.reading == Reading::kSkipped)
    out.earlier = out.later = saturating_sub(local, offset_before);
  return out;
}

EventTime Zone::first_at_or_after(int64_t local) const {
  EventTime t = saturating_sub(local, kJumpMaxUs);
  while (true) {
    const Stretch here = at(t);
    const EventTime first = std::max(here.begin, saturating_sub(local, here.offset_us));
    if (first < here.end || here.end == kTimeMax) return first;
    t = here.end;
  }
}

}  // namespace millrace
