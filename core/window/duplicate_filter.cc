#include "window/duplicate_filter.h"

#include <algorithm>

namespace millrace {

bool DuplicateFilter::seen(const Entry& entry) {
  Group& group = groups_[entry.group];
  const auto found = times_.find(entry.hash);
  if (found != times_.end() && found->second >= saturating_sub(group.max_time, horizon_us_))
    return true;
  remember(entry, group);
  forget_old(group);
  return false;
}

void DuplicateFilter::restore(const Entry& entry) {
  Group& group = groups_[entry.group];
  remember(entry, group);
  forget_old(group);
}

void DuplicateFilter::remember(const Entry& entry, Group& group) {
  times_[entry.hash] = entry.time_us;
  group.max_time = std::max(group.max_time, entry.time_us);
  group.order.push_back(entry);
}

void DuplicateFilter::forget_old(Group& group) {
  const int64_t keep_from = saturating_sub(group.max_time, horizon_us_);
  while (!group.order.empty() && group.order.front().time_us < keep_from) forget_first(group);
  while (times_.size() > entries_max_) {
    Group* oldest = nullptr;
    for (auto& [number, other] : groups_) {
      if (other.order.empty()) continue;
      if (!oldest || other.order.front().time_us < oldest->order.front().time_us) oldest = &other;
    }
    if (!oldest) return;
    forget_first(*oldest);
  }
}

void DuplicateFilter::forget_first(Group& group) {
  const Entry oldest = group.order.front();
  group.order.pop_front();
  const auto found = times_.find(oldest.hash);
  // A hash that was seen anew carries a later time and stays.
  if (found != times_.end() && found->second == oldest.time_us) times_.erase(found);
}

}  // namespace millrace
