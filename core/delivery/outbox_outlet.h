#pragma once

/// Exactly once for sinks that cannot take part in a commit: rows ride in the commit, are delivered
/// behind it, and stay there until the sink has confirmed them (E33b). An idempotent sink may get
/// an epoch again, with the same tags and cut into the same batches. An epoch_marked one stores the
/// epoch beside the rows, so what it has already is not sent (E34).
///
/// Delivery goes on beside, an epoch at a step: commits go on while a sink is away, until the
/// backlog is as large as limits.outbox. What may be tried again is tried for ever, with the
/// instance closed and opened in between; anything else is a failure().

#include <deque>

#include "delivery/outbox_rows.h"
#include "delivery/outlet.h"

namespace millrace {

class OutboxOutlet final : public Outlet, private BesideWork {
 public:
  explicit OutboxOutlet(SinkPort::Options options);
  ~OutboxOutlet() override;

  Result<void> restore(OutletState state, CommitLog& log) override;
  Result<void> open(const OutletStart& start) override;
  Result<void> write(BatchRef rows) override;
  Result<void> barrier(uint64_t epoch, Commit& commit) override;
  Result<void> prepare(uint64_t) override { return {}; }
  OutletState state() const override { return state_; }
  Result<void> committed(uint64_t epoch) override;
  Result<bool> settle(int64_t give_up_us) override;
  Result<void> close() override;
  uint64_t backlog_bytes() const override;

 private:
  int64_t due_us() const override;
  void step(Lock& lock) override;
  /// `epoch`: the last commit that holds.
  Result<void> open_port(uint64_t epoch);
  Result<void> reconcile(uint64_t epoch);
  Result<void> deliver(const OutboxEpoch& epoch);
  void confirm(Lock& lock);
  void back_off(Lock& lock, const Error& error);
  void stop();

  OutboxRows rows_;
  std::string owner_;            ///< Names pipeline, sink and state to the sink.
  uint64_t epoch_ = 0;           ///< The last barrier; rows that come now are of the next.
  uint32_t flags_ = 0;           ///< Of the next open.
  OutboxEpoch in_commit_;        ///< Of the commit under way.
  std::vector<int64_t> stored_;  ///< Slices in the log.

  // Guarded by the mutex of BesideWork.
  std::deque<OutboxEpoch> queue_;  ///< Committed, not confirmed.
  uint64_t queued_bytes_ = 0;
  uint64_t open_bytes_ = 0;  ///< Of rows_ and in_commit_.
  uint64_t confirmed_ = 0;
  std::optional<std::string> prepared_;
  bool stopping_ = false;
  int64_t retry_at_us_ = 0;

  // Of the steps.
  uint32_t failures_ = 0;
  uint64_t sink_has_ = 0;  ///< The last epoch that an epoch_marked sink told.

  Machine* machine_ = nullptr;  ///< From open() on.
  std::unique_ptr<Machine::Drive> drive_;
};

}  // namespace millrace
