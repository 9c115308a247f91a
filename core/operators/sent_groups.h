#pragma once

/// What a grouped operator over a table sent last for each group (semantics R28). Unlike windows,
/// which close, groups come and go one by one, so what is not in the reader's result is forgotten.
/// Threads: one.

#include "operators/keyed_blocks.h"
#include "window/emission.h"

namespace millrace {

class SentGroups {
 public:
  explicit SentGroups(const std::string& operator_name);

  /// For change: it goes into the next commit. Made when it is missing; holds until it is
  /// forgotten.
  Emission& slot(std::string_view key);

  /// Notes that a group changed and waits for the next trigger.
  void note_change(std::string_view key);
  bool any_changed() const { return !changed_.empty(); }
  /// The changed groups; they count as unchanged from now on.
  std::vector<std::string> take_changed();
  /// The group is no more: its slot goes, unless it is still sent or waits.
  void forget(std::string_view key);

  void save(uint64_t epoch, Commit& commit);
  Result<void> restore(CommitLog& log);
  size_t bytes() const { return slots_.bytes(); }

 private:
  struct Row : KeyedRow {
    Emission slot;
  };
  KeyedRows<Row> slots_;
  KeyedBlocks blocks_;
  std::vector<std::string> changed_;
};

}  // namespace millrace
