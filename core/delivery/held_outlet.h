#pragma once

/// At most once: rows lie in memory until the commit that has their positions holds, then go to the
/// sink, once. What a crash finds in memory is lost. A two_phase sink makes them safe with the next
/// commit.

#include <vector>

#include "delivery/outlet.h"

namespace millrace {

class HeldOutlet final : public Outlet {
 public:
  explicit HeldOutlet(SinkPort::Options options) : Outlet(std::move(options)) {}

  Result<void> open(const OutletStart& start) override;
  Result<void> write(BatchRef rows) override;
  Result<void> barrier(uint64_t epoch, Commit& commit) override;
  Result<void> prepare(uint64_t epoch) override;
  OutletState state() const override { return state_; }
  Result<void> committed(uint64_t epoch) override;
  Result<bool> settle(int64_t give_up_us) override;
  Result<void> close() override { return port_.close(); }
  uint64_t backlog_bytes() const override { return held_bytes_.load(std::memory_order_relaxed); }

 private:
  std::vector<BatchRef> rows_;   ///< Of the epoch that is being computed.
  std::vector<BatchRef> ready_;  ///< Of the commit under way.
  std::atomic<uint64_t> held_bytes_{0};
  bool unsafe_ = false;  ///< Rows were written since the last prepare.
};

}  // namespace millrace
