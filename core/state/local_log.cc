#include "state/local_log.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "base/hex.h"
#include "base/log.h"
#include "state/block_key.h"
#include "state/block_reader.h"
#include "state/log_records.h"

namespace millrace {
namespace {

/// Nodes, keys and rounding to pages, of one block; generous.
constexpr uint64_t kBlockOverheadBytes = 8192;

Result<std::optional<Restored>> read_meta(LmdbTransaction& transaction, const std::string& path) {
  auto record = transaction.get(kMetaKey);
  if (!record) return std::move(record.error());
  if (!*record) return std::optional<Restored>();
  auto restored = parse_meta(**record, path);
  if (!restored) return std::move(restored.error());
  return std::optional(std::move(*restored));
}

Result<void> check_epoch(LmdbTransaction& transaction, uint64_t epoch) {
  auto record = transaction.get(kMetaKey);
  if (!record) return std::move(record.error());
  if (!*record) return {};
  const uint64_t last = ByteReader(**record).u64();
  if (epoch > last) return {};
  return Error{Code::kFailed,
               fmt::format("commit {} does not follow commit {} in force", epoch, last)};
}

Result<std::string> bytes_of_id(const std::string& state_id) {
  std::string bytes;
  if (from_hex(state_id, bytes)) return bytes;
  return Error{Code::kCorrupt, fmt::format("\"{}\" is not the id of a state", state_id)};
}

Result<void> put_mark(LmdbTransaction& transaction, const LocalLog::Mark& mark) {
  std::string record;
  append_u64(record, mark.next);
  append_i64(record, mark.written_us);
  return transaction.put(kMarkKey, record);
}

Result<void> check_name(std::string_view op) {
  if (op.size() <= kOperatorBytesMax) return {};
  return Error{Code::kFailed,
               fmt::format("operator name of {} bytes: at most {}", op.size(), kOperatorBytesMax)};
}

Result<void> check_names(const Commit& commit) {
  for (const StateBlock& block : commit.put) {
    MILLRACE_TRY(check_name(block.id.op));
    if (block.bytes.size() > std::numeric_limits<uint32_t>::max()) {
      return Error{Code::kFailed, fmt::format("{} has {} bytes; one entry of state may take 4 GiB",
                                              to_text(block.id), block.bytes.size())};
    }
  }
  for (const BlockId& id : commit.erase) MILLRACE_TRY(check_name(id.op));
  for (const auto& [op, slice] : commit.erase_slices) MILLRACE_TRY(check_name(op));
  for (const std::string& op : commit.erase_operators) MILLRACE_TRY(check_name(op));
  if (commit.meta.size() > std::numeric_limits<uint32_t>::max() - 16) {
    return Error{Code::kFailed,
                 fmt::format("commit record of {} bytes; at most 4 GiB", commit.meta.size())};
  }
  return {};
}

/// The keys of a restart lie in memory order, so the puts go in key order: LMDB then appends to
/// the page it just wrote.
std::vector<std::pair<std::string, std::string_view>> sorted_puts(const Commit& commit) {
  std::vector<std::pair<std::string, std::string_view>> puts;
  puts.reserve(commit.put.size());
  for (const StateBlock& block : commit.put) puts.emplace_back(block_key(block.id), block.bytes);
  std::stable_sort(puts.begin(), puts.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return puts;
}

}  // namespace

Result<std::unique_ptr<LocalLog>> LocalLog::open(const Options& options) {
  auto directory = StateDirectory::own(options.dir, options.pipeline);
  if (!directory) return std::move(directory.error());
  return open_owned(std::move(*directory), options.map_bytes);
}

Result<std::unique_ptr<LocalLog>> LocalLog::open_anew(const Options& options) {
  auto directory = StateDirectory::own(options.dir, options.pipeline);
  if (!directory) return std::move(directory.error());
  MILLRACE_TRY(directory->while_nobody_looks([&]() -> Result<void> {
    if (::unlink(directory->data_file().c_str()) == 0 || errno == ENOENT) return {};
    return file_error(errno, "cannot remove", directory->data_file());
  }));
  return open_owned(std::move(*directory), options.map_bytes);
}

Result<std::unique_ptr<LocalLog>> LocalLog::look(const Options& options) {
  auto directory = StateDirectory::look(options.dir, options.pipeline);
  if (!directory) return std::move(directory.error());
  if (directory->owned()) return open_owned(std::move(*directory), options.map_bytes);
  auto store = LmdbStore::open_snapshot(directory->path());
  if (!store) return std::move(store.error());
  std::unique_ptr<LocalLog> log(new LocalLog(std::move(*directory), std::move(*store)));
  MILLRACE_TRY(log->read_format());
  return log;
}

Result<std::unique_ptr<LocalLog>> LocalLog::open_owned(StateDirectory directory,
                                                       uint64_t map_bytes) {
  auto store = LmdbStore::open(directory.path(), map_bytes);
  if (!store) return std::move(store.error());
  std::unique_ptr<LocalLog> log(new LocalLog(std::move(directory), std::move(*store)));
  MILLRACE_TRY(log->read_format());
  if (log->store_->padded()) MILLRACE_TRY(log->verify());
  return log;
}

Result<void> LocalLog::read_format() {
  std::optional<std::string> record;
  bool empty = true;
  MILLRACE_TRY(store_->read([&](LmdbTransaction& transaction) -> Result<void> {
    auto found = transaction.get(kFormatKey);
    if (!found) return std::move(found.error());
    if (*found) record = std::string(**found);
    // One entry, or a failure, is enough to know that something is there.
    empty = transaction
                .each("",
                      [](std::string_view, std::string_view) {
                        return Result<void>(Error{Code::kCancelled, ""});
                      })
                .has_value();
    return {};
  }));
  if (!record && empty) {
    if (owned()) return make_format(false);
    return Error{Code::kFailed, path() + ": nothing was committed yet"};
  }
  auto id = parse_format(record ? *record : "", path());
  if (!id) return std::move(id.error());
  const std::lock_guard lock(state_id_mutex_);
  state_id_ = to_hex(*id);
  return {};
}

Result<void> LocalLog::make_format(bool erase, const std::string& state_id) {
  auto id = state_id.empty() ? random_state_id() : bytes_of_id(state_id);
  if (!id) return std::move(id.error());
  MILLRACE_TRY(
      store_->write(kBlockOverheadBytes, [&](LmdbTransaction& transaction) -> Result<void> {
        if (erase) MILLRACE_TRY(transaction.erase_all());
        return transaction.put(kFormatKey, format_record(*id));
      }));
  const std::lock_guard lock(state_id_mutex_);
  state_id_ = to_hex(*id);
  return {};
}

Result<void> LocalLog::reset() { return make_format(true); }

Result<void> LocalLog::reset_to(const std::string& state_id) { return make_format(true, state_id); }

Result<std::optional<LocalLog::Mark>> LocalLog::mark() {
  std::optional<Mark> mark;
  MILLRACE_TRY(store_->read([&](LmdbTransaction& transaction) -> Result<void> {
    auto record = transaction.get(kMarkKey);
    if (!record) return std::move(record.error());
    if (!*record) return {};
    ByteReader reader(**record);
    mark.emplace();
    mark->next = reader.u64();
    mark->written_us = reader.i64();
    return {};
  }));
  return mark;
}

Result<void> LocalLog::commit_at(const Commit& commit, const Mark& mark) {
  return write(commit, &mark);
}

Result<void> LocalLog::copy(const Copied& copied) {
  const std::optional<Restored>& last = copied.last;
  uint64_t need_bytes = kBlockOverheadBytes + (last ? last->meta.size() : 0);
  for (const auto& [key, bytes] : copied.changes)
    need_bytes += kBlockOverheadBytes + (bytes ? bytes->size() : 0);
  MILLRACE_TRY(store_->write(need_bytes, [&](LmdbTransaction& transaction) -> Result<void> {
    for (const auto& [key, bytes] : copied.changes) {
      MILLRACE_TRY(bytes ? transaction.put(key, *bytes) : transaction.erase(key));
    }
    if (last) MILLRACE_TRY(transaction.put(kMetaKey, meta_record(last->epoch, last->meta)));
    if (!copied.state_id.empty()) {
      const auto id = bytes_of_id(copied.state_id);
      if (!id) return id.error();
      MILLRACE_TRY(transaction.put(kFormatKey, format_record(*id)));
    }
    return put_mark(transaction, copied.mark);
  }));
  const std::lock_guard lock(state_id_mutex_);
  if (!copied.state_id.empty()) state_id_ = copied.state_id;
  return {};
}

Result<void> LocalLog::verify() {
  log_warn(fmt::format("{} is shorter than it should be; reading all of it", store_->data_file()));
  Result<void> intact = store_->read([&](LmdbTransaction& transaction) -> Result<void> {
    auto meta = read_meta(transaction, path());
    if (!meta) return std::move(meta.error());
    return transaction.each(kBlocksPrefix, [](std::string_view, std::string_view bytes) {
      auto header = read_block_header(bytes);
      return header ? Result<void>() : Result<void>(std::move(header.error()));
    });
  });
  if (intact) return {};
  return Error{Code::kCorrupt,
               fmt::format("{} was cut short and has lost what it committed ({}): restore a copy, "
                           "or start anew with --fresh",
                           store_->data_file(), intact.error().message)};
}

Result<void> LocalLog::commit(const Commit& commit) { return write(commit, nullptr); }

Result<void> LocalLog::write(const Commit& commit, const Mark* mark) {
  MILLRACE_TRY(check_names(commit));
  const auto puts = sorted_puts(commit);
  const std::string meta = meta_record(commit.epoch, commit.meta);
  uint64_t need_bytes = meta.size() + kBlockOverheadBytes;
  for (const auto& [key, bytes] : puts) need_bytes += bytes.size() + kBlockOverheadBytes;

  return store_->write(need_bytes, [&](LmdbTransaction& transaction) -> Result<void> {
    MILLRACE_TRY(check_epoch(transaction, commit.epoch));
    for (const std::string& op : commit.erase_operators) {
      MILLRACE_TRY(transaction.erase_prefix(operator_prefix(op)));
    }
    for (const auto& [op, slice] : commit.erase_slices) {
      MILLRACE_TRY(transaction.erase_prefix(slice_prefix(op, slice)));
    }
    for (const BlockId& id : commit.erase) MILLRACE_TRY(transaction.erase(block_key(id)));
    for (const auto& [key, bytes] : puts) MILLRACE_TRY(transaction.put(key, bytes));
    if (mark) MILLRACE_TRY(put_mark(transaction, *mark));
    return transaction.put(kMetaKey, meta);
  });
}

Result<std::vector<std::string>> LocalLog::erased_keys(const Commit& commit) {
  std::vector<std::string> keys;
  MILLRACE_TRY(store_->read([&](LmdbTransaction& transaction) -> Result<void> {
    const auto note = [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return Result<void>();
    };
    for (const std::string& op : commit.erase_operators)
      MILLRACE_TRY(transaction.each(operator_prefix(op), note));
    for (const auto& [op, slice] : commit.erase_slices)
      MILLRACE_TRY(transaction.each(slice_prefix(op, slice), note));
    return {};
  }));
  return keys;
}

Result<std::optional<Restored>> LocalLog::last() {
  std::optional<Restored> last;
  MILLRACE_TRY(store_->read([&](LmdbTransaction& transaction) -> Result<void> {
    auto meta = read_meta(transaction, path());
    if (!meta) return std::move(meta.error());
    last = std::move(*meta);
    return {};
  }));
  return last;
}

Result<void> LocalLog::read_blocks(std::string_view op, const BlockVisitor& visit) {
  MILLRACE_TRY(check_name(op));
  const std::string prefix = operator_prefix(op);
  return store_->read([&](LmdbTransaction& transaction) {
    return transaction.each(prefix, [&](std::string_view key, std::string_view bytes) {
      const auto id = parse_block_key(key);
      if (id) return visit(*id, bytes);
      return Result<void>(Error{
          Code::kCorrupt, fmt::format("{} holds a key that is no block's", store_->data_file())});
    });
  });
}

Result<std::vector<StoredOperator>> LocalLog::operators() {
  std::vector<StoredOperator> stored;
  MILLRACE_TRY(store_->read([&](LmdbTransaction& transaction) {
    return transaction.each(kBlocksPrefix, [&](std::string_view key, std::string_view bytes) {
      const auto id = parse_block_key(key);
      if (!id) return Result<void>();  // read_blocks() reports it.
      if (stored.empty() || stored.back().op != id->op) stored.push_back({id->op, 0, 0});
      ++stored.back().blocks;
      stored.back().bytes += bytes.size();
      return Result<void>();
    });
  }));
  // Stored by length of the name first.
  std::sort(stored.begin(), stored.end(),
            [](const StoredOperator& a, const StoredOperator& b) { return a.op < b.op; });
  return stored;
}

std::string LocalLog::state_id() const {
  const std::lock_guard lock(state_id_mutex_);
  return state_id_;
}

Result<void> LocalLog::compact() {
  return directory_.while_nobody_looks([this] { return store_->compact(); });
}

Result<bool> LocalLog::compact_if_sparse() {
  constexpr uint64_t kLargeBytes = 64ull << 20;
  const uint64_t bytes = bytes_on_disk();
  if (bytes < kLargeBytes || store_->free_bytes() <= bytes / 2) return false;
  MILLRACE_TRY(compact());
  log_info(fmt::format("{} was {} MiB, more than half of it free; now it is {} MiB",
                       store_->data_file(), bytes >> 20, bytes_on_disk() >> 20));
  return true;
}

uint64_t LocalLog::bytes_on_disk() const {
  struct stat found;
  if (::stat(store_->data_file().c_str(), &found) != 0) return 0;
  return static_cast<uint64_t>(found.st_blocks) * 512;
}

}  // namespace millrace
