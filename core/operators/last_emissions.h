#pragma once

/// What an operator that revises its results sent last for each (window, group), and which of them
/// changed since: "only if changed" compares with the last emission, and a commit holds both, so an
/// abort rolls both back (semantics R28).
/// A window is known by its end, of which every kind has at most one.
/// Threads: one.

#include "operators/group_blocks.h"
#include "window/emission.h"

namespace millrace {

class LastEmissions {
 public:
  explicit LastEmissions(const std::string& operator_name);

  /// For change: it goes into the next commit. Made when it is missing; holds until the window is
  /// dropped.
  Emission& slot(EventTime window_end, uint64_t hash, std::string_view key);

  /// Notes that a group changed and waits for the next trigger.
  void note_change(const Span& window, uint64_t hash, std::string_view key);
  struct Changed {
    Span window;
    std::vector<WindowGroups::GroupId> groups;
  };
  /// Windows with changed groups by (end, start); they count as unchanged from now on.
  std::vector<Changed> take_changed();
  bool any_changed() const { return !changed_.empty(); }
  /// The window fires for the last time: nothing of it waits any more.
  void forget_changes(EventTime window_end);
  /// The window is closed and its last rows are out.
  void drop(EventTime window_end);

  void save(uint64_t epoch, Commit& commit) { blocks_.save(slots_, epoch, commit); }
  /// `slicer` tells the windows of the ends that are stored.
  Result<void> restore(const Slicer& slicer, CommitLog& log);
  size_t bytes() const { return slots_.bytes(); }

  /// The operator's name under which its slots are stored.
  static std::string stored_name(std::string_view operator_name);

 private:
  WindowGroups slots_;  ///< A slice per window, starting at its end.
  GroupBlocks blocks_;
  std::map<EventTime, Changed> changed_;
};

}  // namespace millrace
