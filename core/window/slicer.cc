#include "window/slicer.h"

#include <algorithm>

#include "base/assert.h"

namespace millrace {
namespace {

int64_t remainder_of(int64_t offset, int64_t step) {
  return offset - floor_div(offset, step) * step;
}

}  // namespace

EventTime floor_to(EventTime t, int64_t step, int64_t offset) {
  int64_t start = 0;
  if (__builtin_mul_overflow(floor_div(saturating_sub(t, offset), step), step, &start))
    return kTimeNone;
  return saturating_add(start, offset);
}

Slicer Slicer::tumbling(int64_t size, int64_t offset) {
  MILLRACE_ASSERT(size > 0);
  return {Kind::kTumbling, size, size, remainder_of(offset, size)};
}

Slicer Slicer::hopping(int64_t size, int64_t every, int64_t offset) {
  MILLRACE_ASSERT(every > 0 && every <= size);
  if (every == size) return tumbling(size, offset);
  return {Kind::kHopping, size, every, remainder_of(offset, every)};
}

Slicer Slicer::cumulative(int64_t size, int64_t every, int64_t offset) {
  MILLRACE_ASSERT(every > 0 && size % every == 0);
  if (every == size) return tumbling(size, offset);
  return {Kind::kCumulative, size, every, remainder_of(offset, size)};
}

Slicer Slicer::calendar(Calendar calendar) {
  Slicer slicer(Kind::kCalendar, 0, 0, 0);
  slicer.calendar_ = std::move(calendar);
  return slicer;
}

Slicer Slicer::whole_stream() { return {Kind::kWhole, 0, 0, 0}; }

Span Slicer::slice_of(EventTime t) const {
  switch (kind_) {
    case Kind::kWhole: return {kTimeNone, kTimeMax};
    case Kind::kCalendar: return calendar_->span_of(t);
    case Kind::kTumbling:
    case Kind::kCumulative: {
      const EventTime start = floor_to(t, every_, offset_);
      return {start, saturating_add(start, every_)};
    }
    case Kind::kHopping: {
      // Boundaries are the starts (offset + k*H) and the ends (offset + S + k*H).
      const EventTime start = floor_to(t, every_, offset_);
      const EventTime end = floor_to(t, every_, offset_ + size_);
      return {std::max(start, end),
              std::min(saturating_add(start, every_), saturating_add(end, every_))};
    }
  }
  return {};
}

Span Slicer::first_window_ending_after(EventTime t) const {
  switch (kind_) {
    case Kind::kWhole: return {kTimeNone, kTimeMax};
    case Kind::kCalendar:
    case Kind::kTumbling: return slice_of(t);
    case Kind::kCumulative:
      return {floor_to(t, size_, offset_), saturating_add(floor_to(t, every_, offset_), every_)};
    case Kind::kHopping: {
      const EventTime end = saturating_add(floor_to(t, every_, offset_ + size_), every_);
      return {saturating_sub(end, size_), end};
    }
  }
  return {};
}

std::optional<Slicer::Grid> Slicer::grid() const {
  if (kind_ != Kind::kHopping && kind_ != Kind::kCumulative) return std::nullopt;
  return Grid{every_, offset_, size_};
}

EventTime Slicer::last_end_of(EventTime t) const {
  switch (kind_) {
    case Kind::kWhole: return kTimeMax;
    case Kind::kCalendar:
    case Kind::kTumbling: return slice_of(t).end;
    case Kind::kCumulative: return saturating_add(floor_to(t, size_, offset_), size_);
    case Kind::kHopping: return saturating_add(floor_to(t, every_, offset_), size_);
  }
  return kTimeMax;
}

}  // namespace millrace
