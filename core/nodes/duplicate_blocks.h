#pragma once

/// The duplicate filter's entries in the commit: a chain of blocks per slice of time, so that old
/// entries go by dropping slices. The filter itself stands at the poll and runs ahead; here only
/// what was applied is kept, which is what a commit may hold.
/// Threads: the one that applies.

#include <map>
#include <string>
#include <vector>

#include "state/chain.h"
#include "state/commit_log.h"
#include "window/duplicate_filter.h"

namespace millrace {

class DuplicateBlocks {
 public:
  DuplicateBlocks(std::string source, int64_t horizon_us);

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
    int64_t max_time = kTimeNone;
    size_t saved = 0;  ///< Entries that are in blocks.
  };
  Slice& slice_of(int64_t time_us);
  Slice& slice_starting(int64_t start);
  void remember(Slice& slice, const DuplicateFilter::Entry& entry);

  std::string op_;
  int64_t horizon_us_;
  int64_t slice_us_;
  std::map<int64_t, Slice> slices_;
  std::map<uint32_t, int64_t> max_times_;
};

}  // namespace millrace
