#include "common/http/host_gate.h"

#include <algorithm>

namespace millrace::http {

HostGate& HostGate::shared() {
  static HostGate gate;
  return gate;
}

void HostGate::hold(const std::string& origin, Micros until) {
  const std::lock_guard lock(mutex_);
  Micros& held = held_[origin];
  held = std::max(held, until);
}

Micros HostGate::open_at(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(origin);
  return found == held_.end() ? Micros(0) : found->second;
}

Micros HostGate::take(const std::string& name, const Rate& rate, double cost, Micros now) {
  if (rate.per_second <= 0) return Micros(0);
  const double room = std::max(rate.burst, cost);  // Or a dear request would wait for ever.
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(name, Bucket{room, now}).first->second;
  const double passed = static_cast<double>(std::max(now - bucket.filled, Micros(0)).count()) / 1e6;
  bucket.tokens = std::min(room, bucket.tokens + passed * rate.per_second);
  bucket.filled = std::max(bucket.filled, now);
  if (bucket.tokens >= cost) {
    bucket.tokens -= cost;
    return Micros(0);
  }
  const double missing_s = (cost - bucket.tokens) / rate.per_second;
  return now + Micros(static_cast<int64_t>(missing_s * 1e6) + 1);
}

}  // namespace millrace::http
