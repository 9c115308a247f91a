#pragma once

/// The commit log of a single machine: an LMDB environment in `<dir>/<pipeline>/state`, one synced
/// write transaction per commit. It grows by itself and never shrinks by itself; compact() does.
/// While it is open, the process owns the directory: a second one is refused and told the pid.

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>

#include "base/result.h"
#include "state/commit_log.h"
#include "state/state_directory.h"

struct MDB_env;
struct MDB_txn;

namespace millrace {

/// Threads: as CommitLog; reset() and compact() like commit(). A read transaction lasts as long as
/// one call, since LMDB cannot reuse pages behind an old reader.
class LocalLog final : public CommitLog {
 public:
  struct Options {
    std::string dir;       ///< `commit.dir` or `--state`; made if missing.
    std::string pipeline;  ///< Its name; made a folder of that name.
    /// Address space to start with; no memory and no disk. Doubled when full.
    uint64_t map_bytes = 256ull << 20;
  };

  /// Opens, or makes, the log. kFailed, with the path and the remedy: not writable, in use by
  /// another process, on a network file system, of a newer release, damaged.
  static Result<std::unique_ptr<LocalLog>> open(const Options& options);
  ~LocalLog() override;

  /// kFailed also when `commit.epoch` is not beyond the last one, or a block is misnamed. Whatever
  /// fails, the commit before stays in force, and a later try may succeed (disk freed).
  Result<void> commit(const Commit& commit) override;
  Result<std::optional<Restored>> last() override;
  Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) override;
  Result<std::vector<StoredOperator>> operators() override;
  std::string state_id() const override;
  uint64_t bytes_on_disk() const override;

  /// `--fresh`: forgets everything, with a new state_id, in one transaction.
  Result<void> reset();

  /// A copy of the last commit without free pages, as one file; readers and commits go on
  /// meanwhile. `file` must not exist. A failed copy is removed.
  Result<void> copy_compact(const std::string& file);
  /// Replaces the file of the log by its compact copy. Needs disk for both. No reader may be
  /// active; after an error the log may need to be opened again, nothing committed is lost.
  Result<void> compact();

  const std::string& path() const { return directory_.path(); }
  /// Address space in use now; for tests and metrics.
  uint64_t map_bytes() const;

 private:
  LocalLog(StateDirectory directory, uint64_t map_bytes);

  Result<void> open_environment();
  Result<void> check_length() const;
  Result<void> check_format();
  Result<void> write_format(MDB_txn* txn);
  /// Runs `change` in a write transaction and commits it; grows the map and runs it again when it
  /// is full. `need_bytes`: about what it writes.
  template <class Change>
  Result<void> write(std::string_view action, uint64_t need_bytes, Change change);
  template <class Read>
  Result<void> read(std::string_view action, Read read);
  Result<void> grow(uint64_t need_bytes);
  Error failed(int rc, std::string_view action) const;
  void close_environment();

  StateDirectory directory_;
  mutable std::shared_mutex map_mutex_;  ///< Shared by transactions; alone to move the map.
  MDB_env* env_ = nullptr;               ///< Guarded by map_mutex_.
  unsigned dbi_ = 0;
  uint64_t map_bytes_;    ///< Guarded by map_mutex_.
  std::string state_id_;  ///< Guarded by map_mutex_.
};

}  // namespace millrace
