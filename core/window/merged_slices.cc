#include "window/merged_slices.h"

#include <algorithm>

namespace millrace {

MergedSlices::MergedSlices(const AggregateLayout& layout, Slicer::Grid grid)
    : layout_(layout), grid_(grid) {
  levels_.emplace_back();
  while (grid_.size / 4 >= width(levels_.size() - 1)) levels_.emplace_back();
}

EventTime MergedSlices::start_of(size_t level, EventTime t) const {
  return floor_to(t, width(level), grid_.offset);
}

void MergedSlices::combine(const Slices& slices, const Span& window, MergedGroups& into) {
  add(slices, window, levels_.size() - 1, into);
}

/// `part` starts on the grid. Empty stretches are skipped, the rest is cut into the widest blocks.
void MergedSlices::add(const Slices& slices, Span part, size_t level_max, MergedGroups& into) {
  for (EventTime at = part.start; at < part.end;) {
    auto next = slices.lower_bound(at);
    if (next == slices.end() || next->first >= part.end) return;
    at = std::max(at, start_of(0, next->first));
    size_t level = level_max;
    while (level > 0 && (start_of(level, at) != at || part.end - at < width(level))) --level;
    if (level > 0) {
      into.merge(block(slices, level, at));
    } else {
      const EventTime end = std::min(part.end, at + grid_.every);
      for (; next != slices.end() && next->first < end; ++next) into.merge(next->second);
    }
    at += width(level);
  }
}

const MergedGroups& MergedSlices::block(const Slices& slices, size_t level, EventTime start) {
  const auto [found, made] = levels_[level].try_emplace(start, layout_);
  if (made) {
    const EventTime end = start + width(level);
    add(slices, {start, end}, level - 1, found->second);
    upto_ = std::max(upto_, end);
  }
  return found->second;
}

void MergedSlices::forget(EventTime t) {
  for (size_t level = 1; level < levels_.size(); ++level) levels_[level].erase(start_of(level, t));
}

void MergedSlices::drop_before(EventTime start) {
  for (Blocks& blocks : levels_) blocks.erase(blocks.begin(), blocks.lower_bound(start));
}

size_t MergedSlices::bytes() const {
  size_t total = 0;
  for (const Blocks& blocks : levels_) {
    for (const auto& [start, block] : blocks) total += block.bytes();
  }
  return total;
}

}  // namespace millrace
