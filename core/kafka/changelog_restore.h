#pragma once

/// Brings a local copy up to the end of its changelog partition. README.md is the page.
/// Threads: the caller's.

#include <string>

#include "kafka/copy_restore.h"

namespace millrace::kafka {

/// Tombstones live for this long in a changelog that Millrace makes...
inline constexpr int64_t kTombstonesMs = 7ll * 24 * 3600 * 1000;
/// ...so a copy that is older than this may hold what was dropped, and is read anew.
inline constexpr int64_t kCopyAgeMaxUs = 6ll * 24 * 3600 * 1'000'000;

/// `elsewhere` is asked first if the local copy is not there, of another state or far behind. The
/// reader's own errors; kFailed: the copy and the changelog do not belong together, with the
/// remedy.
Result<Restoration> restore_changelog(const std::string& name, ChangelogReader& reader,
                                      LocalLog& local, const BlocksElsewhere& elsewhere = nullptr);

}  // namespace millrace::kafka
