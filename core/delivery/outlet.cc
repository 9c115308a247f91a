#include "delivery/outlet.h"

#include "delivery/direct_outlet.h"
#include "delivery/held_outlet.h"
#include "delivery/in_commit_outlet.h"
#include "delivery/outbox_outlet.h"

namespace millrace {

std::unique_ptr<Outlet> Outlet::make(DeliveryWay way, SinkPort::Options options) {
  switch (way) {
    case DeliveryWay::kHeld: return std::make_unique<HeldOutlet>(std::move(options));
    case DeliveryWay::kOutbox: return std::make_unique<OutboxOutlet>(std::move(options));
    case DeliveryWay::kInCommit: return std::make_unique<InCommitOutlet>(std::move(options));
    case DeliveryWay::kDirect: break;
  }
  return std::make_unique<DirectOutlet>(std::move(options));
}

Result<void> Outlet::restore(OutletState state, CommitLog&) {
  state_ = std::move(state);
  return {};
}

std::optional<Error> Outlet::failure() const {
  if (!failed()) return std::nullopt;
  const std::lock_guard lock(failure_mutex_);
  return failure_;
}

void Outlet::fail(Error error) {
  {
    const std::lock_guard lock(failure_mutex_);
    failure_ = std::move(error);
  }
  failed_.store(true, std::memory_order_release);
}

uint64_t bytes_of(const BatchRef& rows) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < rows.size(); ++i) bytes += rows.value(i).size() + rows.key(i).size() + 1;
  return bytes;
}

}  // namespace millrace
