#pragma once

/// The commit log of a single machine: an LMDB file in `<dir>/<pipeline>/state`, one synced write
/// transaction per commit. It grows by itself and never shrinks by itself; compact() does.
/// While it is open, the process owns the directory: a second one is refused and told the pid.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "state/commit_log.h"
#include "state/lmdb_store.h"
#include "state/state_directory.h"

namespace millrace {

/// Threads: as CommitLog; reset() and compact() like commit(). A read transaction lasts as long as
/// one call, since LMDB cannot reuse the pages behind an old reader.
class LocalLog final : public CommitLog {
 public:
  struct Options {
    std::string dir;       ///< `commit.dir` or `--state`; made if missing.
    std::string pipeline;  ///< Its name; becomes a folder.
    /// Address space to start with; no memory and no disk. Doubled when full.
    uint64_t map_bytes = 256ull << 20;
  };

  /// Opens, or makes, the log. kFailed or kCorrupt, with the path and the remedy: not writable, in
  /// use by another process, on a network file system, of a newer release, damaged.
  static Result<std::unique_ptr<LocalLog>> open(const Options& options);
  /// To look only: as open(); but where another process has the log in use, as it is now, whatever
  /// that process commits meanwhile. Calls that change something then fail.
  static Result<std::unique_ptr<LocalLog>> look(const Options& options);
  /// `--fresh` on what open() or last() refuse as damaged: removes the file unread and makes a new
  /// one. What can be read is better reset(), after sinks had a look at last().
  static Result<std::unique_ptr<LocalLog>> open_anew(const Options& options);

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

  // As the local copy of a log elsewhere (core/kafka).

  /// How far the other log is in here, and since when (wall clock, microseconds).
  struct Mark {
    uint64_t next = 0;
    int64_t written_us = 0;
  };
  /// Nothing: never was such a copy.
  Result<std::optional<Mark>> mark();
  /// commit(), and the mark with it.
  Result<void> commit_at(const Commit& commit, const Mark& mark);
  /// What was read of another log, and how far that is. Whole only when all of it was read.
  struct Copied {
    /// By block key: the block's bytes, or that it is gone.
    std::map<std::string, std::optional<std::string>> changes;
    std::optional<Restored> last;  ///< The last commit among it.
    std::string state_id;          ///< Of that commit; empty: as it was.
    Mark mark;
  };
  Result<void> copy(const Copied& copied);
  /// Keys of the blocks that `commit` erases by operator or by slice.
  Result<std::vector<std::string>> erased_keys(const Commit& commit);
  /// Forgets everything and takes over an id (32 hex digits), or makes one up where it is empty.
  Result<void> reset_to(const std::string& state_id);

  /// A copy of the last commit without free pages, as one file; readers and commits go on
  /// meanwhile. `file` must not exist. A failed copy is removed. To use it, put it back as
  /// `<dir>/<pipeline>/state/data.mdb`.
  Result<void> copy_compact(const std::string& file) { return store_->copy_compact(file); }
  /// Replaces the file of the log by its compact copy. Needs disk for both for a moment. After an
  /// error the log may have to be opened again; nothing committed is lost.
  Result<void> compact();
  /// compact(), if the file is large and more than half of it is free: so what a busy day left
  /// behind does not stay for ever. True: it did.
  Result<bool> compact_if_sparse();

  const std::string& path() const { return directory_.path(); }
  /// False: another process has it in use, and this is a look() at it.
  bool owned() const { return directory_.owned(); }
  /// Address space in use now; for tests and metrics.
  uint64_t map_bytes() const { return store_->map_bytes(); }

 private:
  LocalLog(StateDirectory directory, std::unique_ptr<LmdbStore> store)
      : directory_(std::move(directory)), store_(std::move(store)) {}
  static Result<std::unique_ptr<LocalLog>> open_owned(StateDirectory directory, uint64_t map_bytes);
  Result<void> read_format();
  Result<void> write(const Commit& commit, const Mark* mark);
  Result<void> make_format(bool erase, const std::string& state_id = {});
  Result<void> verify();

  // In this order: the store must be closed before the directory is given up.
  StateDirectory directory_;
  std::unique_ptr<LmdbStore> store_;
  mutable std::mutex state_id_mutex_;
  std::string state_id_;  ///< Guarded by state_id_mutex_: reset() changes it.
};

}  // namespace millrace
