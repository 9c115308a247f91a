#pragma once

/// Writes commits to Redis behind the pipeline's back: never waited for, never believed. README.md
/// has the rules. Threads: committed() from the committing thread, the rest from the one that made
/// it.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cache/cache_batch.h"
#include "cache/manifest.h"
#include "state/commit_log.h"

namespace millrace {

class CacheWriter {
 public:
  struct Options {
    RedisUrl url;
    std::string prefix, pipeline;
    int64_t timeout_us = 200'000;
    uint64_t max_pending_bytes = 64 << 20;
  };
  /// `epoch`: of the last commit of `log`, which outlives it. `held`: what Redis holds already, by
  /// proof; later changes follow it. Without it all of `log` is copied first.
  CacheWriter(Options options, CommitLog& log, uint64_t epoch,
              std::optional<Manifest> held = std::nullopt);
  /// Gives what is queued a moment to get there.
  ~CacheWriter();

  /// A commit that holds. Returns at once.
  void committed(Commit commit);

 private:
  using Lock = std::unique_lock<std::mutex>;
  void work();
  Result<void> connect();
  void check_policy();
  Result<void> copy_all();
  Result<void> erase_all(CacheBatch& batch);
  Result<void> apply(const Commit& commit);
  Result<void> put(CacheBatch& batch, const StateBlock& block);
  Result<void> write_sums(CacheBatch& batch, uint64_t epoch);
  void drop_queue(Lock& lock);
  void pause(Lock& lock, const Error& error);

  const Options options_;
  CommitLog& log_;
  const CacheKeys keys_;
  const uint64_t owner_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Commit> queue_;    // Guarded by mutex_.
  uint64_t pending_bytes_ = 0;  // Guarded by mutex_.
  bool dropped_ = false;        // Guarded by mutex_: commits are missing since the last copy.
  bool stopping_ = false;       // Guarded by mutex_.
  uint64_t epoch_;              // Guarded by mutex_: the last commit heard of.

  // Of the thread.
  std::unique_ptr<RedisConnection> connection_;
  Manifest manifest_;
  bool whole_ = false;       ///< Redis holds all of manifest_, as far as is known.
  uint64_t whole_from_ = 0;  ///< Complete once this commit is applied.
  unsigned failures_ = 0;
  std::thread thread_;
};

}  // namespace millrace
