#pragma once

/// Rows go to the sink as they come. While a commit is under way its instance belongs to the
/// committing thread; rows wait for the next write or barrier then, so that nothing waits for an
/// fsync but the commit itself.

#include <deque>

#include "delivery/outlet.h"

namespace millrace {

class DirectOutlet final : public Outlet {
 public:
  explicit DirectOutlet(SinkPort::Options options) : Outlet(std::move(options)) {}

  Result<void> open(const OutletStart& start) override;
  Result<void> write(BatchRef rows) override;
  Result<void> barrier(uint64_t epoch, Commit& commit) override;
  Result<void> prepare(uint64_t epoch) override;
  OutletState state() const override { return state_; }
  Result<void> committed(uint64_t epoch) override;
  Result<bool> settle(int64_t give_up_us) override;
  Result<void> close() override { return port_.close(); }
  uint64_t backlog_bytes() const override { return waiting_bytes_.load(std::memory_order_relaxed); }

 private:
  Result<void> drain();
  Result<void> hand_over(const BatchRef& rows);

  uint64_t epoch_ = 0;
  uint32_t flags_ = 0;
  std::atomic<bool> committing_{false};  ///< The instance is the committing thread's.
  std::deque<BatchRef> waiting_;         // Of the applying thread.
  std::atomic<uint64_t> waiting_bytes_{0};
};

}  // namespace millrace
