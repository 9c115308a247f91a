#pragma once

/// Bounds of calendar windows in the commit: a new version of the zone database must not move a
/// window that is open, nor one that closed last (semantics R8, R34).

#include "json/value.h"
#include "window/window_groups.h"

namespace millrace {

/// Adds the bounds to `meta`, if the windows of `groups` follow a calendar. `ends`: of closed
/// windows that are shown again.
void save_calendar_spans(WindowGroups& groups, const std::vector<EventTime>& ends, JsonValue& meta);
/// Call before any window is looked for. False: what is stored is no list of bounds.
bool restore_calendar_spans(const JsonValue& meta, WindowGroups& groups);

}  // namespace millrace
