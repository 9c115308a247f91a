#pragma once

/// Writes commits to Redis behind the pipeline's back: never waited for, never believed. README.md
/// has the rules. Threads: committed() from the committing thread, the rest from the one that made
/// it.

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/machine.h"
#include "cache/cache_batch.h"
#include "cache/redis_connection.h"
#include "state/commit_log.h"
#include "state/manifest.h"

namespace millrace {

class CacheWriter final : private BesideWork {
 public:
  struct Options {
    RedisUrl url;
    std::string prefix, pipeline;
    int32_t task = 0;
    int64_t timeout_us = 200'000;
    uint64_t max_pending_bytes = 64 << 20;
    CacheConnect connect = &RedisConnection::connect;
    Machine* machine = &real_machine();
  };
  /// `epoch`: of the last commit of `log`, which outlives it. What Redis is proven to hold already,
  /// or says to hold and has by name, is left there, and later changes follow it; else all of `log`
  /// is copied first.
  CacheWriter(Options options, CommitLog& log, uint64_t epoch);
  /// Gives what is queued a moment to get there.
  ~CacheWriter() override;

  /// A commit that holds. Returns at once.
  void committed(Commit commit);

 private:
  /// A commit's, and where a log elsewhere goes on behind it.
  struct Place {
    uint64_t epoch = 0;
    std::optional<uint64_t> next;
  };
  int64_t due_us() const override;
  void step(Lock& lock) override;
  Result<void> connect();
  void check_policy();
  Result<void> go_on();
  Result<void> copy_all();
  Result<void> erase_all(CacheBatch& batch);
  struct Waiting {
    Commit commit;
    Place place;
  };
  bool is_copied(std::string_view op) const;
  Result<void> apply(const Waiting& waiting);
  Result<void> put(CacheBatch& batch, const StateBlock& block);
  Result<void> write_sums(CacheBatch& batch, const Place& place);
  void drop_queue(Lock& lock);
  void pause(Lock& lock, const Error& error);

  const Options options_;
  CommitLog& log_;
  const CacheKeys keys_;
  const uint64_t owner_;
  const Place start_;  ///< The last commit when it was made.
  /// From this copy a log elsewhere is restored, so it has the blocks, too, that are kept in a log.
  const bool has_all_;

  // Guarded by the mutex of BesideWork.
  std::deque<Waiting> queue_;
  uint64_t pending_bytes_ = 0;
  bool dropped_ = false;     ///< Commits are missing since the last copy.
  bool unchecked_ = false;   ///< Redis may hold manifest_, of the log's last commit at the start.
  bool left_alone_ = false;  ///< A later owner is there.
  int64_t retry_at_us_ = 0;
  Place place_;  ///< The last commit heard of.

  // Of the steps.
  std::unique_ptr<CacheConnection> connection_;
  Manifest manifest_;
  bool whole_ = false;       ///< Redis holds all of manifest_, as far as is known.
  uint64_t whole_from_ = 0;  ///< Complete once this commit is applied.
  unsigned failures_ = 0;
  std::unique_ptr<Machine::Drive> drive_;
};

}  // namespace millrace
