#include "window/first_seen.h"

namespace millrace {

bool FirstSeen::seen(std::string_view key, EventTime t) {
  const auto [id, fresh] = find_or_make(ids_, key);
  if (!fresh && t <= saturating_add(id->second, keep_us_)) return true;
  if (fresh) key_bytes_ += key.size();
  id->second = t;
  slices_.add(t, {{}, t, &id->first});
  return false;
}

void FirstSeen::forget(EventTime w) {
  for (const auto& slice : slices_.drop_before(saturating_sub(w, keep_us_))) {
    for (const Id& row : slice.mapped().rows) {
      // An id that was seen anew stays, by its later first time.
      const auto id = ids_.find(*row.key);
      if (id == ids_.end() || id->second != row.first) continue;
      key_bytes_ -= id->first.size();
      ids_.erase(id);
    }
  }
}

void FirstSeen::restore(EventTime slice, std::string_view key, EventTime first) {
  const auto [id, fresh] = find_or_make(ids_, key);
  if (fresh) key_bytes_ += key.size();
  id->second = fresh ? first : std::max(id->second, first);
  slices_.restore(slice, {{}, first, &id->first});
}

}  // namespace millrace
