#pragma once

/// complete: results of windows that closed; they stay in the whole result (semantics R26), for
/// ever or for the retention that the configuration gives. For windows that need not be the same
/// for all groups. Threads: the applying one.

#include "operators/entry_blocks.h"
#include "window/slicer.h"

namespace millrace {

class KeptResults {
 public:
  /// `forgets`: there is a retention.
  KeptResults(const std::string& operator_name, const AggregateLayout& layout,
              std::string_view layout_text, bool forgets);

  /// The state is copied.
  void keep(uint64_t hash, std::string_view key, const Span& window, const std::byte* state);
  /// Drops the windows with window.end <= `end`, as they were given.
  void forget(EventTime end);
  /// visit(key, window, state), in no order.
  template <class Visit>
  void each(Visit visit) const {
    states_.each([&](const Kept& kept) {
      visit(std::string_view(kept.key), Span{kept.first, kept.last}, States::state_of(kept));
    });
  }
  size_t size() const { return states_.entries(); }
  size_t bytes() const { return states_.bytes(); }

  void save(uint64_t epoch, Commit& commit);
  Result<void> restore(CommitLog& log);

 private:
  struct Kept : TimedEntry {};  // `first` and `last`: the window.
  using States = TimedStates<Kept>;

  Kept& add(uint64_t hash, std::string_view key, const Span& window);

  bool forgets_;
  States states_;
  EntryBlocks blocks_;
};

}  // namespace millrace
