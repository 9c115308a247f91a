#pragma once

/// What outlives a process of the simulation: its disk, and servers elsewhere.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redis_double.h"
#include "state/commit_log.h"
#include "world.h"

namespace millrace::simulation {

/// What a commit log holds: all of a commit or nothing of it.
struct StoredState {
  std::optional<Restored> last;
  std::map<BlockId, std::shared_ptr<const std::string>> blocks;
};

/// The log's file: a commit that is not synced yet may be there after a failure, or not.
struct LogFile {
  StoredState synced;
  std::optional<StoredState> unsynced;
};

/// A file that is appended to. What lies behind `synced` may be gone after a power failure, all or
/// a part of it.
struct AppendedFile {
  std::string bytes;
  size_t synced = 0;
};

/// One record of a source's log, or a known gap in it.
struct LogItem {
  std::string value;
  uint64_t id = 0;  ///< Equal: the same record again.
  int64_t time_us = 0;
  bool gap = false;
};

struct Outside {
  std::map<std::string, std::vector<LogItem>> logs;
  LogFile log;
  std::map<std::string, AppendedFile> files;
  /// Sinks that are servers: what was written is there, whatever happens to the process.
  std::map<std::string, std::vector<std::string>> lossy;
  using Tag = std::pair<uint64_t, uint64_t>;
  std::map<std::string, std::map<Tag, std::string>> tagged;
  struct Marked {
    std::map<std::string, uint64_t> epochs;  ///< By owner.
    std::vector<std::string> rows;
  };
  std::map<std::string, Marked> marked;
  RedisServer redis;
  /// Promises that the engine broke towards them.
  std::vector<std::string> broken_promises;

  /// The process ended, in whatever way: what its disk shows to the next one.
  void settle(World& world);
  static Outside& current();
  Outside();
  ~Outside();
};

/// The commit log on that disk.
class SimulatedLog final : public CommitLog {
 public:
  explicit SimulatedLog(LogFile& file) : file_(file) {}
  Result<void> commit(const Commit& commit) override;
  Result<std::optional<Restored>> last() override;
  Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) override;
  Result<std::vector<StoredOperator>> operators() override;
  std::string state_id() const override { return "00112233445566778899aabbccddeeff"; }
  uint64_t bytes_on_disk() const override { return 0; }

 private:
  LogFile& file_;
};

}  // namespace millrace::simulation
