#pragma once

/// The duplicate filter's entries in the commit: a chain of blocks per slice of time, so that old
/// entries go by dropping slices: those in which no group has an entry that the filter still knows,
/// but for each group's newest, which is its clock. The filter itself stands at the poll and runs
/// ahead; here only what was applied is kept, which is what a commit may hold. Threads: the one
/// that applies.

#include <map>
#include <string>
#include <vector>

#include "state/chain.h"
#include "state/commit_log.h"
#include "window/duplicate_filter.h"

namespace millrace {

class DuplicateBlocks {
 public:
  /// Both as the filter's.
  DuplicateBlocks(std::string source, int64_t horizon_us, size_t entries_max);

  void add(const std::vector<DuplicateFilter::Entry>& entries);
  void save(uint64_t epoch, Commit& commit);
  Result<void> restore(CommitLog& log);
  /// In the order in which they were seen, slice by slice.
  std::vector<DuplicateFilter::Entry> entries() const;

 private:
  struct Slice {
    explicit Slice(Chain stored) : chain(std::move(stored)) {}
    Chain chain;
    std::vector<DuplicateFilter::Entry> entries;
    std::map<uint32_t, int64_t> newest;  ///< Time by group.
    size_t saved = 0;                    ///< Entries that are in blocks.
  };
  Slice& slice_of(int64_t time_us);
  Slice& slice_starting(int64_t start);
  void remember(Slice& slice, const DuplicateFilter::Entry& entry);
  bool is_over(const Slice& slice, const std::map<uint32_t, int64_t>& newest, size_t newer) const;
  void drop_old(Commit& commit);

  std::string op_;
  int64_t horizon_us_;
  int64_t slice_us_;
  size_t entries_max_;
  std::map<int64_t, Slice> slices_;
};

}  // namespace millrace
