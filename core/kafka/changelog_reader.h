#pragma once

/// A changelog partition, read from a place to its end, as often as one likes: the seam between a
/// restore and the cluster. open_changelog() gives the true one; tests have one in memory.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kafka/cluster.h"

namespace millrace::kafka {

struct Changelog {
  std::string topic;
  int32_t partition = 0;
};

/// Threads: one.
class ChangelogReader {
 public:
  struct Range {
    int64_t begin = 0, end = 0;
  };
  struct Record {
    std::string_view key;
    std::optional<std::string_view> value;  ///< Nothing: a tombstone.
    int64_t next = 0;                       ///< The offset behind it.
  };
  struct Read {
    bool whole = false;  ///< To the end; else `from` is not in the log, or `take` had enough.
    int64_t next = 0;    ///< Where to go on.
  };
  /// False: enough.
  using Take = std::function<Result<bool>(const Record&)>;

  virtual ~ChangelogReader() = default;
  /// When it was opened: to be read to this end, whatever comes behind it.
  virtual Range range() const = 0;
  /// Committed records from `from` on. kCancelled: stopped; kUnavailable: the cluster; and what
  /// `take` fails with.
  virtual Result<Read> read(int64_t from, const Take& take) = 0;
};

/// `stopping` is asked now and then.
Result<std::unique_ptr<ChangelogReader>> open_changelog(const Cluster& cluster,
                                                        const Changelog& changelog,
                                                        std::function<bool()> stopping);

}  // namespace millrace::kafka
