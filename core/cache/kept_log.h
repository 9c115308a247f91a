#pragma once

/// The commit log under `keep: "cache"` (R39): blocks lie in memory and, behind the commits, in
/// Redis; the log below gets what is small, and cuts to go on from. README.md is the page.
///
/// A start takes over one cut after the other until a commit holds: take_over(), read the sources
/// on to the last commit if the cut is an older one, commit. A first commit that does not come to
/// the state of the last one fails with kUnavailable, and the next take_over() goes another way.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cache/content_sums.h"
#include "cache/redis_connection.h"
#include "state/commit_log.h"
#include "state/manifest.h"

namespace millrace {

/// Threads: as CommitLog; the rest by the thread that starts a run.
class KeptLog final : public CommitLog {
 public:
  struct Options {
    RedisUrl url;
    std::string prefix, pipeline;
    int64_t timeout_us = 200'000;
    CacheConnect connect = &RedisConnection::connect;
  };
  KeptLog(std::unique_ptr<CommitLog> below, Options options);

  /// By operator and source, those whose rows come to it: what is open there counts as a
  /// contribution.
  void set_upstream(std::map<std::string, std::set<std::string>> upstream) {
    upstream_ = std::move(upstream);
  }

  struct Start {
    std::optional<Restored> cut;  ///< Nothing: the beginning of the sources, without state.
    bool is_last = false;         ///< It is the last commit, or there is none.
  };
  /// Chooses where to go on; read_blocks() then gives the state as of there. kCorrupt, kFailed: no
  /// way is left.
  Result<Start> take_over();
  /// `--fresh`: begins without state.
  void begin_fresh();
  Result<void> commit(const Commit& commit) override;
  Result<std::optional<Restored>> last() override { return below_->last(); }
  Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) override;
  Result<std::vector<StoredOperator>> operators() override;
  std::string state_id() const override { return below_->state_id(); }
  uint64_t bytes_on_disk() const override { return below_->bytes_on_disk(); }
  uint64_t bytes_in_memory() const override { return bytes_.load(std::memory_order_relaxed); }
  const Manifest* proven_copy() const override { return from_cache_ ? &manifest_ : nullptr; }

 private:
  enum class Way { kCache, kBase, kBeginning, kNone };
  using Cuts = std::map<uint64_t, Cut>;
  Result<Cuts> read_cuts();
  Result<Start> take_from_log(const Restored& last);
  Result<bool> take_from_cache(const Cuts& cuts, uint64_t& epoch);
  Result<std::optional<Start>> start_from_cache(const Restored& last, const Cuts& cuts);
  std::optional<Start> start_from_base(const Restored& last, const Cuts& cuts);
  Result<void> adopt(std::vector<StateBlock> blocks, const Cut& cut);
  void clear();

  Result<void> apply(const Commit& commit);
  Result<void> put(const StateBlock& block, uint64_t birth);
  void erase(const BlockId& id);
  std::vector<BlockId> ids(const std::string& op, std::optional<int64_t> slice) const;
  std::map<std::string, uint64_t> since() const;
  bool came_to_expected(const Commit& commit) const;
  Cut cut_of(const Commit& commit) const;
  Result<Commit> durable_part(const Commit& commit, const Cut& cut);
  std::vector<uint64_t> superfluous_cuts(uint64_t base_limit) const;

  const std::unique_ptr<CommitLog> below_;
  const Options options_;
  std::map<std::string, std::set<std::string>> upstream_;

  Way way_ = Way::kCache;                   ///< The next one to be tried.
  std::optional<uint64_t> epoch_;           ///< Memory holds the state of this commit.
  bool from_cache_ = false;                 ///< As proven_copy().
  bool converts_ = false;                   ///< The log below still holds blocks.
  std::optional<SumsByOperator> expected_;  ///< Content of the last commit; until the next one.
  std::optional<uint64_t> birth_;           ///< Of what the next commit begins, if not its own.
  std::set<uint64_t> cuts_;

  mutable std::mutex mutex_;
  std::map<BlockId, std::shared_ptr<const std::string>> blocks_;  // Guarded by mutex_.
  std::atomic<uint64_t> bytes_{0};                                ///< Of blocks_.
  // Of the committing thread.
  Manifest manifest_;
  ContentSums content_;
  std::map<std::pair<std::string, int64_t>, uint64_t> births_;  ///< By operator and slice.
};

/// kFailed: the state in `log` was kept by a KeptLog, so it is not there.
Result<void> refuse_kept_elsewhere(CommitLog& log);

}  // namespace millrace
