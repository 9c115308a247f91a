#include "state/lmdb_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "state/state_directory.h"

namespace millrace {
namespace {

constexpr uint64_t kMapStepBytes = 1 << 20;

Error store_error(int rc, std::string_view action, const std::string& directory) {
  const std::string file = directory + "/data.mdb";
  const auto sentence = [&](Code code, std::string_view why) {
    return Error{code, fmt::format("{} {}: {}", action, file, why)};
  };
  switch (rc) {
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return sentence(Code::kCorrupt,
                      "the file is damaged; restore a copy of it, or start anew with --fresh");
    case MDB_VERSION_MISMATCH:
      return sentence(Code::kFailed,
                      "another version of LMDB wrote it; use the release that did, or choose "
                      "another directory with --state DIR");
    case MDB_PANIC:
      return sentence(Code::kFailed, "an earlier write to it failed half way; it must be reopened");
    case MDB_TXN_FULL:
      return sentence(Code::kFailed,
                      "this commit is too large for one transaction; commit more "
                      "often (commit.every)");
    case ENOMEM:
      return sentence(Code::kFailed,
                      "no address space is left to map it; raise the limit (ulimit -v)");
    default:
      if (rc > 0) return write_error(rc, action, file);
      return sentence(Code::kFailed, ::mdb_strerror(rc));
  }
}

MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// A cursor must be closed before its transaction ends.
struct Cursor {
  MDB_cursor* cursor = nullptr;
  ~Cursor() {
    if (cursor) ::mdb_cursor_close(cursor);
  }
};

}  // namespace

Error LmdbTransaction::failed(int rc, std::string_view action) {
  failure_ = rc;
  return store_error(rc, action, directory_);
}

Result<std::optional<std::string_view>> LmdbTransaction::get(std::string_view key) {
  MDB_val name = value_of(key), found;
  const int rc = ::mdb_get(txn_, dbi_, &name, &found);
  if (rc == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (rc != 0) return failed(rc, "cannot read");
  return std::optional(view_of(found));
}

Result<void> LmdbTransaction::each(std::string_view prefix, const Visitor& visit) {
  Cursor at;
  int rc = ::mdb_cursor_open(txn_, dbi_, &at.cursor);
  if (rc != 0) return failed(rc, "cannot read");
  MDB_val key = value_of(prefix), value;
  rc = ::mdb_cursor_get(at.cursor, &key, &value, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
  for (; rc == 0; rc = ::mdb_cursor_get(at.cursor, &key, &value, MDB_NEXT)) {
    if (!view_of(key).starts_with(prefix)) return {};
    MILLRACE_TRY(visit(view_of(key), view_of(value)));
  }
  if (rc != MDB_NOTFOUND) return failed(rc, "cannot read");
  return {};
}

Result<void> LmdbTransaction::put(std::string_view key, std::string_view value) {
  MDB_val name = value_of(key), bytes = value_of(value);
  const int rc = ::mdb_put(txn_, dbi_, &name, &bytes, 0);
  if (rc != 0) return failed(rc, "cannot commit to");
  return {};
}

Result<void> LmdbTransaction::erase(std::string_view key) {
  MDB_val name = value_of(key);
  const int rc = ::mdb_del(txn_, dbi_, &name, nullptr);
  if (rc != 0 && rc != MDB_NOTFOUND) return failed(rc, "cannot commit to");
  return {};
}

Result<void> LmdbTransaction::erase_prefix(std::string_view prefix) {
  Cursor at;
  int rc = ::mdb_cursor_open(txn_, dbi_, &at.cursor);
  while (rc == 0) {
    // Searched anew each time: no need to know where a deletion leaves the cursor.
    MDB_val key = value_of(prefix), value;
    rc = ::mdb_cursor_get(at.cursor, &key, &value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND || (rc == 0 && !view_of(key).starts_with(prefix))) return {};
    if (rc == 0) rc = ::mdb_cursor_del(at.cursor, 0);
  }
  return failed(rc, "cannot commit to");
}

Result<void> LmdbTransaction::erase_all() {
  const int rc = ::mdb_drop(txn_, dbi_, 0);
  if (rc != 0) return failed(rc, "cannot commit to");
  return {};
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(std::string directory, uint64_t map_bytes) {
  std::unique_ptr<LmdbStore> store(new LmdbStore(std::move(directory), map_bytes));
  MILLRACE_TRY(store->open_environment());
  return store;
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open_snapshot(std::string directory) {
  std::unique_ptr<LmdbStore> store(new LmdbStore(std::move(directory), 0));
  MILLRACE_TRY(store->try_open_snapshot());
  return store;
}

LmdbStore::~LmdbStore() { close_environment(); }

void LmdbStore::close_environment() {
  if (snapshot_) ::mdb_txn_abort(snapshot_);
  snapshot_ = nullptr;
  if (env_) ::mdb_env_close(env_);
  env_ = nullptr;
}

Result<void> LmdbStore::open_environment() {
  Result<void> outcome = try_open();
  if (!outcome) close_environment();
  return outcome;
}

Result<void> LmdbStore::try_open() {
  struct stat found;
  const bool existed = ::stat(data_file().c_str(), &found) == 0;
  MILLRACE_TRY(open_file(0));
  if (!existed) MILLRACE_TRY(sync_directory(directory_));
  // Who looked and was killed would keep his pages for ever.
  ::mdb_reader_check(env_, nullptr);
  MILLRACE_TRY(pad());
  return open_map();
}

Result<void> LmdbStore::try_open_snapshot() {
  // Not padded: its owner did that, and a commit that he makes just now may look the same.
  MILLRACE_TRY(open_file(MDB_RDONLY));
  MILLRACE_TRY(open_map());
  const int rc = ::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &snapshot_);
  if (rc != 0) return store_error(rc, "cannot read", directory_);
  return {};
}

Result<void> LmdbStore::open_file(unsigned flags) {
  struct stat found;
  // Twice the file, so that a large state does not meet a full map in its first commit.
  if (::stat(data_file().c_str(), &found) == 0)
    map_bytes_ = std::max(map_bytes_, 2 * static_cast<uint64_t>(found.st_size));
  int rc = ::mdb_env_create(&env_);
  if (rc != 0) {
    env_ = nullptr;
    return store_error(rc, "cannot open", directory_);
  }
  ::mdb_env_set_mapsize(env_, map_bytes_);
  // NOTLS ties a reader to its transaction, not to its thread. Every commit is synced. WRITEMAP
  // would be quicker, but there a full disk is a SIGBUS.
  rc = ::mdb_env_open(env_, directory_.c_str(), MDB_NOTLS | flags, 0600);
  if (rc != 0) return store_error(rc, "cannot open", directory_);
  return {};
}

Result<void> LmdbStore::pad() {
  MDB_envinfo info;
  MDB_stat pages;
  ::mdb_env_info(env_, &info);
  ::mdb_env_stat(env_, &pages);
  struct stat found;
  if (::stat(data_file().c_str(), &found) != 0) {
    return file_error(errno, "cannot look at", data_file());
  }
  // Reading a mapped page behind the end of the file kills the process. A page that was freed by
  // the transaction that took it may rightly never have been written, so a short file is no proof
  // of damage: zeros are, once something points at them.
  const uint64_t needed = (uint64_t{info.me_last_pgno} + 1) * pages.ms_psize;
  if (static_cast<uint64_t>(found.st_size) >= needed) return {};
  padded_ = true;
  if (::truncate(data_file().c_str(), static_cast<off_t>(needed)) == 0) return {};
  return file_error(errno, "cannot complete", data_file());
}

Result<void> LmdbStore::open_map() {
  MDB_txn* txn = nullptr;
  int rc = ::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (rc == 0) {
    rc = ::mdb_dbi_open(txn, nullptr, 0, &dbi_);
    // Committed, not aborted: else the handle would be closed again.
    if (rc == 0) {
      rc = ::mdb_txn_commit(txn);
    } else {
      ::mdb_txn_abort(txn);
    }
  }
  if (rc != 0) return store_error(rc, "cannot open", directory_);
  return {};
}

Result<void> LmdbStore::read(const Change& look) {
  const std::shared_lock lock(map_mutex_);
  if (!env_) return store_error(MDB_PANIC, "cannot read", directory_);
  if (snapshot_) {
    LmdbTransaction transaction(snapshot_, dbi_, directory_);
    return look(transaction);
  }
  MDB_txn* txn = nullptr;
  const int rc = ::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (rc != 0) return store_error(rc, "cannot read", directory_);
  LmdbTransaction transaction(txn, dbi_, directory_);
  Result<void> outcome = look(transaction);
  ::mdb_txn_abort(txn);
  return outcome;
}

Result<void> LmdbStore::write(uint64_t need_bytes, const Change& change) {
  for (;;) {
    Result<void> outcome;
    if (try_change(change, outcome) != MDB_MAP_FULL) return outcome;
    MILLRACE_TRY(grow(need_bytes));
  }
}

int LmdbStore::try_change(const Change& change, Result<void>& outcome) {
  const std::shared_lock lock(map_mutex_);
  MDB_txn* txn = nullptr;
  int rc = env_ ? ::mdb_txn_begin(env_, nullptr, 0, &txn) : MDB_PANIC;
  if (rc != 0) {
    outcome = store_error(rc, "cannot commit to", directory_);
    return rc;
  }
  LmdbTransaction transaction(txn, dbi_, directory_);
  outcome = change(transaction);
  if (!outcome) {
    ::mdb_txn_abort(txn);
    return transaction.failure_;
  }
  rc = ::mdb_txn_commit(txn);  // Frees the transaction whatever happens.
  if (rc != 0) outcome = store_error(rc, "cannot commit to", directory_);
  return rc;
}

Result<void> LmdbStore::grow(uint64_t need_bytes) {
  const std::unique_lock lock(map_mutex_);  // LMDB may move the map only without transactions.
  if (!env_) return store_error(MDB_PANIC, "cannot commit to", directory_);
  ::mdb_reader_check(env_, nullptr);  // As when opening: before the file is doubled for them.
  const uint64_t wanted = std::max(2 * map_bytes_, map_bytes_ + 2 * need_bytes);
  const uint64_t bytes = (wanted + kMapStepBytes - 1) / kMapStepBytes * kMapStepBytes;
  const int rc = ::mdb_env_set_mapsize(env_, bytes);
  if (rc == 0) {
    map_bytes_ = bytes;
    log_debug(fmt::format("{}: map grown to {} MiB", data_file(), bytes >> 20));
    return {};
  }
  // LMDB 0.9.24 has unmapped the old map and believes in none from now on: a second call with the
  // old size answers 0 and maps nothing. Only opening again helps; if it fails, env_ is null.
  close_environment();
  if (Result<void> reopened = open_environment(); !reopened) log_error(reopened.error().message);
  return store_error(rc, "cannot grow", directory_);
}

Result<void> LmdbStore::copy_compact(const std::string& file) {
  const int copy = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (copy < 0) return file_error(errno, "cannot make", file);
  int rc;
  {
    const std::shared_lock lock(map_mutex_);
    rc = env_ ? ::mdb_env_copyfd2(env_, copy, MDB_CP_COMPACT) : MDB_PANIC;
  }
  if (rc == 0 && ::fsync(copy) != 0) rc = errno;
  if (::close(copy) != 0 && rc == 0) rc = errno;
  if (rc == 0) {
    const std::size_t slash = file.find_last_of('/');
    return sync_directory(slash == std::string::npos ? "." : file.substr(0, slash + 1));
  }
  ::unlink(file.c_str());
  return rc > 0 ? write_error(rc, "cannot write", file)
                : store_error(rc, "cannot copy", directory_);
}

Result<void> LmdbStore::compact() {
  const std::string file = directory_ + "/compact.mdb";
  ::unlink(file.c_str());  // Of a run that was killed while copying.
  MILLRACE_TRY(copy_compact(file));
  return replace_data(file);
}

Result<void> LmdbStore::replace_data(const std::string& file) {
  const std::unique_lock lock(map_mutex_);
  close_environment();
  // Either file is the whole last commit, so a crash at any point here loses nothing.
  const int failure = ::rename(file.c_str(), data_file().c_str()) == 0 ? 0 : errno;
  Result<void> synced = failure == 0 ? sync_directory(directory_) : Result<void>();
  MILLRACE_TRY(open_environment());
  if (failure != 0) return file_error(failure, "cannot replace", data_file());
  return synced;
}

uint64_t LmdbStore::free_bytes() const {
  const std::shared_lock lock(map_mutex_);
  MDB_txn* transaction = nullptr;
  if (!env_ || ::mdb_txn_begin(env_, nullptr, MDB_RDONLY, &transaction) != 0) return 0;
  MDB_envinfo info;
  uint64_t used = 2, page_bytes = 0;  // Two pages say which commit is the last.
  bool known = ::mdb_env_info(env_, &info) == 0;
  constexpr MDB_dbi kFreeList = 0;
  for (const MDB_dbi database : {kFreeList, MDB_dbi{dbi_}}) {
    MDB_stat stat;
    known = known && ::mdb_stat(transaction, database, &stat) == 0;
    if (!known) break;
    used += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    page_bytes = stat.ms_psize;
  }
  ::mdb_txn_abort(transaction);
  const uint64_t pages = known ? info.me_last_pgno + 1 : 0;
  return pages > used ? (pages - used) * page_bytes : 0;
}

uint64_t LmdbStore::map_bytes() const {
  const std::shared_lock lock(map_mutex_);
  return map_bytes_;
}

}  // namespace millrace
