#pragma once

/// Exactly once for sinks that the commit log itself writes (semantics R54, in_commit): rows lie in
/// memory until the barrier and become a part of the commit, which makes them visible or not at
/// all. The sink's instance is made, so that its configuration is judged, and gets no rows.

#include "delivery/kept_rows.h"
#include "delivery/outlet.h"

namespace millrace {

class InCommitOutlet final : public Outlet {
 public:
  explicit InCommitOutlet(SinkPort::Options options);

  Result<void> open(const OutletStart& start) override;
  Result<void> write(BatchRef rows) override;
  Result<void> barrier(uint64_t epoch, Commit& commit) override;
  void mark(const CommitRows::Marker& marker) override { marker_ = marker; }
  Result<void> prepare(uint64_t) override { return {}; }
  OutletState state() const override { return state_; }
  Result<void> committed(uint64_t epoch) override;
  Result<bool> settle(int64_t) override { return false; }
  Result<void> close() override { return {}; }
  uint64_t backlog_bytes() const override { return held_bytes_.load(std::memory_order_relaxed); }

 private:
  const std::shared_ptr<const std::string> config_;
  std::optional<CommitRows::Marker> marker_;
  KeptRows rows_;  ///< Of the epoch that is being computed.
  uint64_t rows_bytes_ = 0;
  std::atomic<uint64_t> in_commit_bytes_{0};
  std::atomic<uint64_t> held_bytes_{0};
};

}  // namespace millrace
