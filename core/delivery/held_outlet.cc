#include "delivery/held_outlet.h"

#include "base/fault_point.h"

namespace millrace {

Result<void> HeldOutlet::open(const OutletStart& start) {
  MILLRACE_TRY(port_.create());
  return port_.open(state_.prepared ? &*state_.prepared : nullptr, start.epoch, start.flags);
}

Result<void> HeldOutlet::write(BatchRef rows) {
  held_bytes_.fetch_add(bytes_of(rows), std::memory_order_relaxed);
  rows_.push_back(std::move(rows));
  return {};
}

Result<void> HeldOutlet::barrier(uint64_t, Commit&) {
  ready_ = std::move(rows_);
  rows_.clear();
  return {};
}

Result<void> HeldOutlet::prepare(uint64_t epoch) {
  auto prepared = port_.prepare(epoch);
  if (!prepared) return prepared.error();
  state_.prepared = std::move(*prepared);
  unsafe_ = false;
  return {};
}

Result<void> HeldOutlet::committed(uint64_t epoch) {
  MILLRACE_TRY(port_.commit(epoch));
  for (const BatchRef& rows : ready_) {
    fault_point("held.write");
    MILLRACE_TRY(port_.write(rows));
    held_bytes_.fetch_sub(bytes_of(rows), std::memory_order_relaxed);
    unsafe_ = true;
  }
  ready_.clear();
  return {};
}

Result<bool> HeldOutlet::settle(int64_t) { return unsafe_; }

}  // namespace millrace
