#pragma once

/// What an operator that revises its results sent last for each (window, group), and which of them
/// changed since: "only if changed" compares with the last emission, and a commit holds both, so an
/// abort rolls both back (semantics R28). A row is remembered by a 64-bit hash of its JSON: two
/// different results of one group that hash alike would be taken for unchanged, once in 2^64.
/// A window is known by its end, of which every kind has at most one.
/// Threads: one.

#include "pipeline/group_blocks.h"

namespace millrace {

class EmissionSlots {
 public:
  struct Slot {
    uint64_t row_hash = 0;
    bool sent = false;     ///< The group is in the result that readers have.
    bool changed = false;  ///< Folded into since its window fired.
  };
  virtual ~EmissionSlots() = default;
  /// For change: it goes into the next commit. Made when it is missing.
  virtual Slot& slot(EventTime window_end, uint64_t hash, std::string_view key) = 0;
};

class LastEmissions final : public EmissionSlots {
 public:
  explicit LastEmissions(const std::string& operator_name);

  Slot& slot(EventTime window_end, uint64_t hash, std::string_view key) override;

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
