#include "window/window_groups.h"

#include <algorithm>

namespace millrace {

WindowGroups::WindowGroups(AggregateLayout layout, Slicer slicer, int64_t allowed_lateness_us)
    : layout_(std::move(layout)), slicer_(slicer), allowed_lateness_us_(allowed_lateness_us) {
  const auto grid = slicer_.grid();
  if (grid && layout_.associative()) merged_ = std::make_unique<MergedSlices>(layout_, *grid);
}

WindowGroups::Verdict WindowGroups::judge(EventTime t, EventTime w) const {
  if (closed(slicer_.last_end_of(t), w)) return Verdict::kLate;
  if (slicer_.one_slice_per_window()) return Verdict::kOnTime;
  const Span first = slicer_.first_window_ending_after(slicer_.slice_of(t).start);
  return closed(first.end, w) ? Verdict::kLatePartial : Verdict::kOnTime;
}

GroupSlice& WindowGroups::slice_at(EventTime t) {
  if (last_slice_ && t >= last_slice_->span().start && t < last_slice_->span().end) {
    return *last_slice_;
  }
  const Span span = slicer_.slice_of(t);
  auto found = slices_.find(span.start);
  if (found == slices_.end()) {
    found = slices_.try_emplace(span.start, layout_, span).first;
  }
  last_slice_ = &found->second;
  if (merged_ && t < merged_->upto()) merged_->forget(t);  // Late for some of its windows only.
  return found->second;
}

/// No window closed yet, so no block holds it.
GroupSlice& WindowGroups::slice_starting(EventTime start) {
  const auto found = slices_.find(start);
  if (found != slices_.end()) return found->second;
  return slices_.try_emplace(start, layout_, Span{start, slicer_.slice_of(start).end})
      .first->second;
}

bool WindowGroups::next_due(Due& due) const {
  if (slices_.empty()) return false;
  // The earliest slice decides, unless its earlier windows are closed already. It is there because
  // one is not, so the first one that ends behind what was closed holds it.
  const EventTime first_slice = slices_.begin()->first;
  due.window = slicer_.first_window_ending_after(std::max(first_slice, fired_upto_));
  due.closes_at = saturating_add(due.window.end, allowed_lateness_us_);
  return true;
}

std::vector<WindowGroups::ClosedGroup> WindowGroups::groups_of(const Span& window) {
  const auto slice = slices_.lower_bound(window.start);
  if (slicer_.one_slice_per_window()) {
    if (slice != slices_.end() && slice->first == window.start) return slice->second.all_groups();
    return {};
  }
  combined_ = std::make_unique<MergedGroups>(layout_);
  for (auto at = slice; at != slices_.end() && at->first < window.end; ++at)
    combined_->merge(at->second);
  return combined_->all_groups();
}

std::vector<WindowGroups::ClosedGroup> WindowGroups::closing_groups_of(const Span& window) {
  if (!merged_) return groups_of(window);
  last_slice_ = nullptr;  // It may be in a block now, which slice_at() must hear of.
  combined_ = std::make_unique<MergedGroups>(layout_);
  merged_->combine(slices_, window, *combined_);
  return combined_->all_groups();
}

std::vector<WindowGroups::ClosedGroup> WindowGroups::groups_of(const Span& window,
                                                               const std::vector<GroupId>& wanted) {
  std::vector<ClosedGroup> out;
  const bool combine = !slicer_.one_slice_per_window();
  if (combine) combined_ = std::make_unique<MergedGroups>(layout_);
  for (const GroupId& id : wanted) {
    std::byte* into = nullptr;
    auto slice = slices_.lower_bound(window.start);
    for (; slice != slices_.end() && slice->first < window.end; ++slice) {
      const GroupMap* map = slice->second.find_shard(group_shard(id.hash));
      const GroupMap::Group* group = map ? map->find(id.hash, id.key) : nullptr;
      if (!group) continue;
      if (!combine) {
        out.push_back({group->key, group->state, id.hash});
        break;
      }
      if (!into) into = combined_->state(id.hash, id.key);
      layout_.merge(into, group->state);
    }
    if (into) out.push_back({id.key, into, id.hash});
  }
  return out;
}

void WindowGroups::open_windows_of(EventTime t, EventTime w, std::vector<Span>& out) const {
  Span window = slicer_.first_window_ending_after(slicer_.slice_of(t).start);
  while (window.start <= t) {
    if (!closed(window.end, w)) out.push_back(window);
    if (window.end == kTimeMax) return;
    window = slicer_.first_window_ending_after(window.end);
  }
}

std::vector<Span> WindowGroups::open_windows() const {
  std::vector<Span> out;
  for (const auto& [start, slice] : slices_) {
    const EventTime listed_upto = out.empty() ? fired_upto_ : out.back().end;
    Span window = slicer_.first_window_ending_after(std::max(start, listed_upto));
    while (window.start <= start) {
      out.push_back(window);
      if (window.end == kTimeMax) return out;
      window = slicer_.first_window_ending_after(window.end);
    }
  }
  return out;
}

std::vector<EventTime> WindowGroups::close(const Span& window) {
  combined_.reset();
  fired_upto_ = std::max(fired_upto_, window.end);
  const EventTime keep_from = slicer_.one_slice_per_window()
                                  ? window.end
                                  : slicer_.first_window_ending_after(window.end).start;
  std::vector<EventTime> gone;
  for (auto slice = slices_.begin(); slice != slices_.end() && slice->first < keep_from;) {
    if (last_slice_ == &slice->second) last_slice_ = nullptr;
    gone.push_back(slice->first);
    slice = slices_.erase(slice);
  }
  if (merged_) merged_->drop_before(keep_from);
  return gone;
}

size_t WindowGroups::bytes() const {
  size_t total = merged_ ? merged_->bytes() : 0;
  for (const auto& [start, slice] : slices_) total += slice.bytes();
  return total;
}

size_t WindowGroups::groups() const {
  size_t total = 0;
  for (const auto& [start, slice] : slices_) total += slice.groups();
  return total;
}

}  // namespace millrace
