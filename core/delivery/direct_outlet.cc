#include "delivery/direct_outlet.h"

namespace millrace {

Result<void> DirectOutlet::open(const OutletStart& start) {
  epoch_ = start.epoch;
  flags_ = start.flags;
  MILLRACE_TRY(port_.create());
  if (port_.options().lazy && !state_.prepared) return {};
  return port_.open(state_.prepared ? &*state_.prepared : nullptr, epoch_, flags_);
}

Result<void> DirectOutlet::hand_over(const BatchRef& rows) {
  if (!port_.is_open()) {
    MILLRACE_TRY(port_.open(state_.prepared ? &*state_.prepared : nullptr, epoch_, flags_));
  }
  return port_.write(rows);
}

Result<void> DirectOutlet::write(BatchRef rows) {
  if (committing_.load(std::memory_order_acquire)) {
    waiting_bytes_.fetch_add(bytes_of(rows), std::memory_order_relaxed);
    waiting_.push_back(std::move(rows));
    return {};
  }
  MILLRACE_TRY(drain());
  return hand_over(rows);
}

Result<void> DirectOutlet::drain() {
  while (!waiting_.empty()) {
    const BatchRef rows = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_.fetch_sub(bytes_of(rows), std::memory_order_relaxed);
    MILLRACE_TRY(hand_over(rows));
  }
  return {};
}

Result<void> DirectOutlet::barrier(uint64_t, Commit&) {
  MILLRACE_TRY(drain());
  committing_.store(true, std::memory_order_release);
  return {};
}

Result<void> DirectOutlet::prepare(uint64_t epoch) {
  if (!port_.is_open()) return {};
  auto prepared = port_.prepare(epoch);
  if (!prepared) return prepared.error();
  state_.prepared = std::move(*prepared);
  return {};
}

Result<void> DirectOutlet::committed(uint64_t epoch) {
  epoch_ = epoch;
  if (port_.is_open()) MILLRACE_TRY(port_.commit(epoch));
  committing_.store(false, std::memory_order_release);
  return {};
}

Result<bool> DirectOutlet::settle(int64_t) { return false; }

}  // namespace millrace
