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

}  // namespace millrace::http
