#pragma once

/// Fills the local copy from a copy of the blocks outside of the cluster (core/cache), which is
/// never believed: the sums in the last commit record of the changelog say what must be there.
/// README.md is the page. Threads: the caller's.

#include <functional>
#include <optional>
#include <string>

#include "kafka/changelog_reader.h"
#include "state/local_log.h"
#include "state/manifest.h"

namespace millrace::kafka {

/// What a copy claims to be.
struct CopyHead {
  uint64_t commit = 0;
  std::optional<uint64_t> next;  ///< Where the changelog goes on behind that commit.
};
/// Reads the copy of a state by its id: calls the visitor for each block that holds together,
/// whatever else is missing, old or foreign, and ends with the visitor's first error. Not set:
/// there is none. Any error: there is no such copy now.
using BlocksElsewhere =
    std::function<Result<CopyHead>(const std::string& state_id, const CommitLog::BlockVisitor&)>;

/// Where a task's blocks came from.
struct Restoration {
  uint64_t copy_bytes = 0;       ///< From a copy elsewhere that was proven.
  uint64_t changelog_bytes = 0;  ///< Records that were read of the changelog.
  double seconds = 0;
  /// Of the local copy, if the copy elsewhere was taken.
  std::optional<Manifest> manifest;
  bool copy_is_last = false;  ///< The copy elsewhere is as of the last commit.
};

/// `name`: of the changelog, for sentences. `local_next`: where the changelog goes on behind the
/// local copy; nothing: that holds nothing. True: the local copy is at the last commit, and `done`
/// says how. False: read the changelog; the local copy may have been emptied meanwhile.
/// kCancelled, kUnavailable: as the reader; kFailed: the local copy.
Result<bool> restore_from_copy(const std::string& name, ChangelogReader& reader, LocalLog& local,
                               std::optional<int64_t> local_next, const BlocksElsewhere& elsewhere,
                               Restoration& done);

}  // namespace millrace::kafka
