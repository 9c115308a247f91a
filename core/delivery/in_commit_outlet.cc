#include "delivery/in_commit_outlet.h"

namespace millrace {

InCommitOutlet::InCommitOutlet(SinkPort::Options options)
    : Outlet(std::move(options)),
      config_(std::make_shared<const std::string>(port_.options().config)) {}

Result<void> InCommitOutlet::open(const OutletStart&) { return port_.create(); }

Result<void> InCommitOutlet::write(BatchRef rows) {
  const uint64_t bytes = bytes_of(rows);
  rows_bytes_ += bytes;
  held_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return rows_.add(std::move(rows), bytes);
}

Result<void> InCommitOutlet::barrier(uint64_t, Commit& commit) {
  in_commit_bytes_.store(rows_bytes_, std::memory_order_relaxed);
  rows_bytes_ = 0;
  if (rows_.empty() && !marker_) return {};
  auto rows = rows_.take();
  if (!rows) return rows.error();
  commit.rows.push_back(
      {port_.options().name, config_, std::move(*rows), std::exchange(marker_, {})});
  return {};
}

Result<void> InCommitOutlet::committed(uint64_t) {
  held_bytes_.fetch_sub(in_commit_bytes_.exchange(0), std::memory_order_relaxed);
  return {};
}

}  // namespace millrace
