#pragma once

/// LMDB as the local log needs it: one ordered map of bytes, synced write transactions, a map that
/// grows by itself, errors as sentences. lmdb_store.cc is the only file that includes lmdb.h.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/result.h"

struct MDB_env;
struct MDB_txn;

namespace millrace {

/// One transaction; lives inside LmdbStore::read or write. Views are valid until the next change or
/// the end of the transaction.
class LmdbTransaction {
 public:
  using Visitor = std::function<Result<void>(std::string_view key, std::string_view value)>;

  Result<std::optional<std::string_view>> get(std::string_view key);
  /// Entries whose key begins with `prefix`, in byte order, until `visit` fails.
  Result<void> each(std::string_view prefix, const Visitor& visit);
  /// Adds or replaces.
  Result<void> put(std::string_view key, std::string_view value);
  /// A missing key is fine.
  Result<void> erase(std::string_view key);
  Result<void> erase_prefix(std::string_view prefix);
  Result<void> erase_all();

 private:
  friend class LmdbStore;
  LmdbTransaction(MDB_txn* txn, unsigned dbi, const std::string& directory)
      : txn_(txn), dbi_(dbi), directory_(directory) {}
  Error failed(int rc, std::string_view action);

  MDB_txn* txn_;
  unsigned dbi_;
  const std::string& directory_;
  int failure_ = 0;  ///< LMDB's code of the last failed call: a full map is not the caller's error.
};

/// Threads: read() and write() from any; LMDB lets one writer in at a time. Neither may be called
/// from inside the other.
class LmdbStore {
 public:
  using Change = std::function<Result<void>(LmdbTransaction&)>;

  /// Opens `directory`/data.mdb (mode 0600), made if missing. `map_bytes`: address space to start
  /// with. The caller holds the directory for itself alone.
  static Result<std::unique_ptr<LmdbStore>> open(std::string directory, uint64_t map_bytes);
  /// To read what another process goes on writing: every read() sees the commit that is the last
  /// one now. Pages behind it are not reused while this lives: be short. Nobody may replace the
  /// file meanwhile. Threads: one.
  static Result<std::unique_ptr<LmdbStore>> open_snapshot(std::string directory);
  ~LmdbStore();

  /// Runs `change` in a transaction and makes it durable; an error of `change` undoes it all.
  /// `change` may run again with the same effect expected: when the map was full.
  Result<void> write(uint64_t need_bytes, const Change& change);
  /// Runs `look` on the last commit, or the snapshot. Pages behind it are not reused meanwhile: be
  /// short.
  Result<void> read(const Change& look);

  /// See LocalLog.
  Result<void> copy_compact(const std::string& file);
  Result<void> compact();

  std::string data_file() const { return directory_ + "/data.mdb"; }
  uint64_t map_bytes() const;
  /// Bytes of the file that no record uses; they are used again before it grows. 0 if unknown.
  uint64_t free_bytes() const;
  /// The file was shorter than LMDB's own record says, and was padded with zeros so that reading
  /// cannot fault: whoever opened it should now read all of it.
  bool padded() const { return padded_; }

 private:
  LmdbStore(std::string directory, uint64_t map_bytes)
      : directory_(std::move(directory)), map_bytes_(map_bytes) {}
  Result<void> open_environment();
  Result<void> try_open();
  Result<void> try_open_snapshot();
  Result<void> open_file(unsigned flags);
  Result<void> pad();
  Result<void> open_map();
  int try_change(const Change& change, Result<void>& outcome);
  Result<void> grow(uint64_t need_bytes);
  Result<void> replace_data(const std::string& file);
  void close_environment();

  const std::string directory_;
  mutable std::shared_mutex
      map_mutex_;                ///< Shared by transactions; alone to move or close the map.
  MDB_env* env_ = nullptr;       ///< Guarded by map_mutex_; null when reopening failed.
  MDB_txn* snapshot_ = nullptr;  ///< Of open_snapshot(), for as long as the environment is open.
  unsigned dbi_ = 0;
  uint64_t map_bytes_;  ///< Guarded by map_mutex_.
  bool padded_ = false;
};

}  // namespace millrace
