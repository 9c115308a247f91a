#pragma once

/// Brings a local copy up to the end of its changelog partition. README.md is the page.
/// Threads: the caller's.

#include <functional>
#include <string>

#include "kafka/client.h"
#include "state/local_log.h"

namespace millrace::kafka {

/// Tombstones live for this long in a changelog that Millrace makes...
inline constexpr int64_t kTombstonesMs = 7ll * 24 * 3600 * 1000;
/// ...so a copy that is older than this may hold what was dropped, and is read anew.
inline constexpr int64_t kCopyAgeMaxUs = 6ll * 24 * 3600 * 1'000'000;

struct Changelog {
  std::string topic;
  int32_t partition = 0;
};

/// `stopping` is asked now and then; kCancelled when it says yes. kUnavailable: the cluster;
/// kFailed: the copy and the changelog do not belong together, with the remedy.
Result<void> restore_changelog(const Cluster& cluster, const Changelog& changelog, LocalLog& local,
                               const std::function<bool()>& stopping);

}  // namespace millrace::kafka
