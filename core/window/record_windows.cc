#include "window/record_windows.h"

#include "base/hash.h"

namespace millrace {

using Instant = RecordWindows::Instant;
using Placed = RecordWindows::Placed;
using Window = RecordWindows::Window;

/// What W has passed is closed, whether anything was there or not.
void RecordWindows::pass(EventTime w) {
  if (w == kTimeNone || w == kTimeMax) return;
  fired_upto_ = std::max(fired_upto_, saturating_sub(w, allowed_lateness_us_));
}

Placed RecordWindows::place(uint64_t hash, std::string_view key, EventTime t, EventTime w) {
  pass(w);
  Instant* behind = nullptr;
  Instant* at = states_.newest(hash, key);
  while (at && at->first > t) {
    behind = at;
    at = States::older(*at);
  }
  Instant* same = at && at->first == t ? at : nullptr;
  Placed placed{same, !same, !open(left_end(t), w)};
  if (placed.partial && !held_by_another(same ? States::older(*same) : at, behind, t, w))
    return {nullptr};
  if (same) {
    states_.touch(*same);
    return placed;
  }
  placed.instant = &states_.add(hash, key, behind, t, t);
  placed.instant->left_over = placed.partial;
  wait(*placed.instant);
  if (!revises_ || placed.partial) return placed;
  // Its left window may have been known as the right one of another.
  for (; at && right_end(at->first) >= left_end(t); at = States::older(*at)) {
    if (right_end(at->first) == left_end(t)) placed.instant->left = std::move(at->right);
  }
  return placed;
}

/// The window that closes last decides: of later records the left one of the latest within reach,
/// of earlier ones the one behind the nearest.
bool RecordWindows::held_by_another(const Instant* older, const Instant* newer, EventTime t,
                                    EventTime w) const {
  const EventTime reach = saturating_add(t, difference_us_);
  if (older && t < right_end(older->first) && open(right_end(older->first), w)) return true;
  for (; newer && newer->first <= reach; newer = States::newer(*newer)) {
    if (open(left_end(newer->first), w)) return true;
  }
  return false;
}

void RecordWindows::wait(Instant& instant) {
  states_.wait(instant, instant.left_over ? right_end(instant.first) : left_end(instant.first));
}

Instant* RecordWindows::newer_at(const Instant& instant, EventTime t) {
  Instant* at = States::newer(instant);
  while (at && at->first < t) at = States::newer(*at);
  return at && at->first == t ? at : nullptr;
}

bool RecordWindows::right_window(Instant& instant, Window& window) const {
  const EventTime end = right_end(instant.first);
  const Instant* first = States::newer(instant);
  if (!first || first->first >= end || newer_at(instant, end - 1)) return false;
  window = {end, &instant, false};
  return true;
}

Window RecordWindows::owned(const Window& window) const {
  if (window.left) return window;
  Instant* owner = newer_at(*window.owner, window.end - 1);
  return owner ? Window{window.end, owner, true} : window;
}

void RecordWindows::open_windows(Instant& instant, std::vector<Window>& out) const {
  const EventTime closed = std::max(fired_upto_, closed_upto_), left = left_end(instant.first);
  if (!instant.left_over && left > closed) out.push_back({left, &instant, true});
  Window right{};
  if (right_window(instant, right) && right.end > closed) out.push_back(right);
}

void RecordWindows::changed_windows(const Placed& placed, EventTime w,
                                    std::vector<Window>& out) const {
  const EventTime t = placed.instant->first, reach = saturating_add(t, difference_us_);
  const size_t first = out.size();
  Window right{};
  for (Instant* at = States::older(*placed.instant); at && right_end(at->first) > t;
       at = States::older(*at)) {
    if (right_window(*at, right) && open(right.end, w)) out.push_back(right);
  }
  for (Instant* at = placed.instant; at && at->first <= reach; at = States::newer(*at)) {
    if (!at->left_over && open(left_end(at->first), w))
      out.push_back({left_end(at->first), at, true});
  }
  if (placed.fresh && right_window(*placed.instant, right) && open(right.end, w))
    out.push_back(right);
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const Window& a, const Window& b) { return a.end < b.end; });
}

void RecordWindows::combine(const Window& window, std::byte* into) const {
  const Instant* at = window.owner;
  if (window.left) {
    while (at->older && States::older(*at)->first >= window_ending(window.end).start)
      at = States::older(*at);
  } else {
    at = States::newer(*at);
  }
  for (; at && at->first < window.end; at = States::newer(*at)) {
    states_.layout().merge(into, States::state_of(*at));
  }
}

bool RecordWindows::next_due(EventTime& closes_at) const {
  EventTime end = kTimeMax;
  if (!states_.next_wait(end)) return false;
  closes_at = saturating_add(end, allowed_lateness_us_);
  return true;
}

bool RecordWindows::take_due(EventTime w, EventTime& end, std::vector<Window>& out) {
  pass(w);
  const EventTime now = w == kTimeMax ? kTimeMax : saturating_sub(w, allowed_lateness_us_);
  if (!states_.next_wait(end) || end > now) return false;
  while (Instant* instant = states_.take_waiting(end)) {
    Window right{};
    if (instant->left_over) {
      if (right_window(*instant, right)) out.push_back(right);
      over_.push_back(instant);
    } else {
      out.push_back({left_end(instant->first), instant, true});
      waits_again_.push_back(instant);
    }
  }
  if (!out.empty()) fired_upto_ = std::max(fired_upto_, end);
  return true;
}

void RecordWindows::close(EventTime w) {
  for (Instant* instant : waits_again_) {
    instant->left_over = true;
    wait(*instant);
  }
  for (Instant* instant : over_) {
    if (w != kTimeMax) states_.remove(*instant);
  }
  waits_again_.clear();
  over_.clear();
}

void RecordWindows::seal_closed() {
  closed_upto_ = std::max(closed_upto_, fired_upto_);
  std::vector<Instant*> over;
  states_.each([&](Instant& instant) {
    if (right_end(instant.first) <= closed_upto_) {
      over.push_back(&instant);
    } else if (!instant.waits) {
      wait(instant);
    }
  });
  for (Instant* instant : over) states_.remove(*instant);
}

Instant& RecordWindows::restore(std::string_view key, EventTime t) {
  const uint64_t hash = hash_bytes(key);
  Instant* behind = nullptr;
  for (Instant* at = states_.newest(hash, key); at && at->first > t; at = States::older(*at))
    behind = at;
  Instant& instant = states_.add(hash, key, behind, t, t);
  instant.left_over = left_end(t) <= std::max(fired_upto_, closed_upto_);
  // At the end of input the window behind it may have fired already, and the instant stayed for
  // others.
  if (right_end(t) > fired_upto_) wait(instant);
  return instant;
}

}  // namespace millrace
